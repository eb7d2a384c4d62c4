// SPDX-License-Identifier: Apache-2.0
import type { RunKind } from '../../src/api/v1alpha1/kinds.ts';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { asManifest, at, type Manifest } from '../chart/helm.ts';

/** The manifests that a team applies before its first build, without the runs. */
export const teamSamples = join(import.meta.dirname, '..', '..', 'samples', 'team-a');

/** The manifests of `samples/team-a`, or of a folder in it, for a team of another name. */
export function teamManifests(team: string, folder = '.'): readonly Manifest[] {
  const directory = join(teamSamples, folder);
  return readdirSync(directory)
    .filter((name) => name.endsWith('.yaml'))
    .toSorted()
    .flatMap((name) => {
      const text = readFileSync(join(directory, name), 'utf8').replaceAll('team-a', team);
      return parseAllDocuments(text).map((document): Manifest => asManifest(document.toJS()));
    });
}

/** The sample run of a kind, for a team of another name. */
export function sampleRun(team: string, kind: RunKind): Manifest {
  const run = teamManifests(team, 'runs').find((manifest) => manifest['kind'] === kind);
  if (run === undefined) throw new Error(`samples/team-a/runs has no ${kind}`);
  return run;
}

/** A manifest with some fields of its spec replaced. */
export function withSpec(manifest: Manifest, fields: object): Manifest {
  return { ...manifest, spec: { ...asManifest(manifest['spec']), ...fields } };
}

/** A backend "evidence" that stores attestations in one repository of a registry without TLS and credentials. */
export function evidenceBackend(namespace: string, repository: string): Manifest {
  return {
    apiVersion: 'hallmark.dev/v1alpha1',
    kind: 'StorageBackend',
    metadata: { name: 'evidence', namespace },
    spec: {
      type: 'OCI',
      artifacts: ['Attestation'],
      oci: {
        encoding: 'CosignTags',
        repository,
        authentication: { type: 'Anonymous' },
        tls: { insecure: true },
      },
    },
  };
}

/** A manifest's name. */
export function nameOf(manifest: Manifest): string {
  return String(at(manifest, 'metadata', 'name'));
}
