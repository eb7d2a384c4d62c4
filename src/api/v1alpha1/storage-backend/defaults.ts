// SPDX-License-Identifier: Apache-2.0
import type { ClusterStorageBackendSpec } from '../cluster-storage-backend/schema.ts';
import type { LabelSelector } from '../label-selector.ts';
import type { StorageBackendSpec } from './schema.ts';

type OCISpec = NonNullable<StorageBackendSpec['oci']>;

/** Kinds of evidence. */
export type ArtifactType = NonNullable<StorageBackendSpec['artifacts']>[number];

/** Whose credentials a registry sees. */
export type EffectiveAuthentication =
  | { readonly type: 'RunServiceAccount' | 'Anonymous' }
  | { readonly type: 'Secret'; readonly secretRef: { readonly name: string } };

/** Settings of an OCI backend; `repository` and `caBundleRef` stay absent where nothing is set. */
export interface EffectiveOCI {
  readonly encoding: OCISpec['encoding'];
  readonly repository?: string;
  readonly authentication: EffectiveAuthentication;
  readonly tls: { readonly caBundleRef?: { readonly name: string; readonly key: string }; readonly insecure: boolean };
}

interface EffectiveCommon {
  readonly selector: LabelSelector;
  readonly artifacts: readonly ArtifactType[];
  readonly keys: 'Reference' | 'PerPolicy';
  /** Kinds of policies whose evidence a cluster backend takes besides that of cluster policies. */
  readonly acceptFrom: readonly 'SigningPolicy'[];
}

/** A backend's spec with every default filled in, one member a type. */
export type EffectiveStorageBackendSpec =
  | (EffectiveCommon & { readonly type: 'Tekton' })
  | (EffectiveCommon & { readonly type: 'OCI'; readonly oci: EffectiveOCI });

/** Fills in the defaults of either backend kind. The spec is parsed: a member that its type requires is there. */
export function effectiveStorageBackendSpec(
  spec: StorageBackendSpec | ClusterStorageBackendSpec,
): EffectiveStorageBackendSpec {
  const common: EffectiveCommon = {
    selector: spec.selector ?? {},
    artifacts: spec.artifacts ?? ['Attestation', 'ImageSignature'],
    keys: spec.keys ?? 'Reference',
    acceptFrom: 'acceptFrom' in spec ? (spec.acceptFrom ?? []) : [],
  };
  switch (spec.type) {
    case 'Tekton':
      return { ...common, type: 'Tekton' };
    case 'OCI':
      if (spec.oci === undefined) throw new TypeError('spec.oci must be set when spec.type is OCI');
      return { ...common, type: 'OCI', oci: effectiveOCI(spec.oci) };
  }
}

function effectiveOCI({ encoding, repository, authentication, tls }: OCISpec): EffectiveOCI {
  const { caBundleRef, insecure = false } = tls ?? {};
  return {
    encoding,
    ...(repository === undefined ? {} : { repository }),
    authentication: effectiveAuthentication(authentication),
    tls: {
      insecure,
      ...(caBundleRef === undefined
        ? {}
        : { caBundleRef: { name: caBundleRef.name, key: caBundleRef.key ?? 'ca.crt' } }),
    },
  };
}

function effectiveAuthentication(authentication: OCISpec['authentication']): EffectiveAuthentication {
  const { type = 'RunServiceAccount', secretRef } = authentication ?? {};
  if (type !== 'Secret') return { type };
  if (secretRef === undefined) throw new TypeError('spec.oci.authentication.secretRef must be set when type is Secret');
  return { type, secretRef };
}
