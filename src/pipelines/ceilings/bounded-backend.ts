// SPDX-License-Identifier: Apache-2.0
import type { Subject } from '../../evidence/artifact.ts';
import { imageTargets } from '../../storage/oci/image-target.ts';
import type { CompiledBackend } from '../definitions.ts';
import { backendHosts } from './backend-hosts.ts';
import { excessOf, globsIn, hostExcess } from './bound-values.ts';
import { type Bounds, type CeilingDefinition, exceeding, type Excess } from './ceiling-definition.ts';
import { countExcess, takesClusterBackend } from './policy-excess.ts';
import { unreadableBounds } from './unreadable-bounds.ts';

/**
 * A StorageBackend with all that it says beyond the ceilings of its namespace.
 * @param rank its place among those of its namespace, the oldest first, from 1
 */
export function boundedBackend(backend: CompiledBackend, bounds: Bounds, rank: number): CompiledBackend {
  return withExcesses(backend, [
    ...unreadableBounds(bounds),
    ...bounds.ceilings.flatMap((ceiling) =>
      messages(backend, ceiling, rank).map((message) => ({ ceiling: ceiling.name, message })),
    ),
  ]);
}

/** A ClusterStorageBackend as the records of SigningPolicies in a namespace may use it. */
export function boundedClusterBackend(backend: CompiledBackend, bounds: Bounds): CompiledBackend {
  const { namespace, ceilings } = bounds;
  const excesses = ceilings
    .filter((ceiling) => !takesClusterBackend(ceiling, namespace, backend.name))
    .map((ceiling): Excess => {
      const allowed = globsIn(namespace, ceiling.spec?.backends?.clusterBackends ?? []);
      return { ceiling: ceiling.name, message: excessOf('the ClusterStorageBackend', backend.name, allowed) };
    });
  return withExcesses(backend, [...unreadableBounds(bounds), ...excesses]);
}

/**
 * A backend as it may take subjects: an OCI backend of a team without a repository sends evidence to the registries of the images, which
 * must lie within the hosts.
 */
export function boundedForSubjects(
  backend: CompiledBackend,
  bounds: Bounds,
  subjects: readonly Subject[],
): CompiledBackend {
  const { namespace, ceilings } = bounds;
  const excesses = ceilings.flatMap(({ name, spec }) => {
    const hosts = spec?.backends?.hosts;
    if (hosts === undefined) return [];
    const globs = globsIn(namespace, hosts);
    return imageTargets({ subjects }).flatMap(({ repository: { registry } }): readonly Excess[] => {
      const message = hostExcess('the registry of an image of the run', registry, globs);
      return message === undefined ? [] : [{ ceiling: name, message }];
    });
  });
  return backend.exceeds === undefined ? withExcesses(backend, excesses) : backend;
}

/** True for a backend whose hosts depend on the images of a run. */
export function followsImages({ kind, spec }: CompiledBackend): boolean {
  return kind === 'StorageBackend' && spec.type === 'OCI' && spec.oci.repository === undefined;
}

function messages({ spec, namespace }: CompiledBackend, ceiling: CeilingDefinition, rank: number): readonly string[] {
  const { types, hosts } = ceiling.spec?.backends ?? {};
  const globs = hosts && globsIn(namespace, hosts);
  return [
    types?.includes(spec.type) === false ? excessOf('spec.type', spec.type, types) : undefined,
    ...backendHosts(spec).map((host) => hostExcess('its host', host, globs)),
    countExcess('StorageBackends', rank, ceiling.spec?.counts?.backends),
  ].filter((message) => message !== undefined);
}

function withExcesses(backend: CompiledBackend, excesses: readonly Excess[]): CompiledBackend {
  const exceeds = exceeding(excesses);
  return exceeds === undefined ? backend : { ...backend, exceeds };
}
