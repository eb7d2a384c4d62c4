// SPDX-License-Identifier: Apache-2.0
import type { ClusterStorageBackendSpec } from '../cluster-storage-backend/schema.ts';
import type { ArchivistaSpec } from '../backend-types/archivista.ts';
import type { DynamoDBSpec } from '../backend-types/dynamodb.ts';
import { effectiveTls } from '../backend-types/effective-tls.ts';
import type { EffectiveTls, WithEffectiveTls } from '../backend-types/effective-tls.ts';
import type { FirestoreSpec } from '../backend-types/firestore.ts';
import type { GCSSpec } from '../backend-types/gcs.ts';
import type { GrafeasSpec } from '../backend-types/grafeas.ts';
import type { KafkaSpec } from '../backend-types/kafka.ts';
import type { MongoDBSpec } from '../backend-types/mongodb.ts';
import type { S3Spec } from '../backend-types/s3.ts';
import type { LabelSelector } from '../fields/label-selector.ts';
import type { StorageBackendSpec } from './schema.ts';

type OCISpec = NonNullable<StorageBackendSpec['oci']>;

/** The types of evidence. */
export type ArtifactType = NonNullable<StorageBackendSpec['artifacts']>[number];

type OCIAuthentication = NonNullable<OCISpec['authentication']>;

/** Cloud credentials for the registries of that cloud. */
export interface EffectiveCloudAuthentication extends Omit<OCIAuthentication, 'type' | 'secretRef'> {
  readonly type: 'ServiceAccount' | 'WorkloadIdentity';
}

/** The credentials for a registry. */
export type EffectiveAuthentication =
  | { readonly type: 'RunServiceAccount' | 'Anonymous' }
  | EffectiveCloudAuthentication
  | { readonly type: 'Secret'; readonly secretRef: { readonly name: string } };

/** Settings of an OCI backend; `repository` and `caBundleRef` stay absent by default. */
export interface EffectiveOCI {
  readonly encoding: OCISpec['encoding'];
  readonly repository?: string;
  readonly authentication: EffectiveAuthentication;
  readonly tls: EffectiveTls;
}

interface EffectiveCommon {
  readonly selector: LabelSelector;
  readonly artifacts: readonly ArtifactType[];
  readonly keys: 'Reference' | 'PerPolicy';
  /** Kinds of policies whose evidence a cluster backend takes besides that of cluster policies. */
  readonly acceptFrom: readonly 'SigningPolicy'[];
}

/** A backend's spec with every default filled in, one member per type. */
export type EffectiveStorageBackendSpec =
  | (EffectiveCommon & { readonly type: 'Tekton' })
  | (EffectiveCommon & { readonly type: 'OCI'; readonly oci: EffectiveOCI })
  | (EffectiveCommon & { readonly type: 'GCS'; readonly gcs: WithEffectiveTls<GCSSpec> })
  | (EffectiveCommon & { readonly type: 'S3'; readonly s3: WithEffectiveTls<S3Spec> })
  | (EffectiveCommon & { readonly type: 'MongoDB'; readonly mongodb: WithEffectiveTls<MongoDBSpec> })
  | (EffectiveCommon & { readonly type: 'Firestore'; readonly firestore: WithEffectiveTls<FirestoreSpec> })
  | (EffectiveCommon & { readonly type: 'DynamoDB'; readonly dynamodb: WithEffectiveTls<DynamoDBSpec> })
  | (EffectiveCommon & { readonly type: 'Grafeas'; readonly grafeas: WithEffectiveTls<GrafeasSpec> })
  | (EffectiveCommon & { readonly type: 'Archivista'; readonly archivista: WithEffectiveTls<ArchivistaSpec> })
  | (EffectiveCommon & { readonly type: 'Kafka'; readonly kafka: WithEffectiveTls<KafkaSpec> });

/** Fill in the defaults of either backend kind. The spec is parsed, so the member that its type requires is set. */
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
      return { ...common, type: 'OCI', oci: effectiveOCI(present(spec.oci, 'oci')) };
    case 'GCS':
      return { ...common, type: 'GCS', gcs: effectiveTls(present(spec.gcs, 'gcs')) };
    case 'S3':
      return { ...common, type: 'S3', s3: effectiveTls(present(spec.s3, 's3')) };
    case 'MongoDB':
      return { ...common, type: 'MongoDB', mongodb: effectiveTls(present(spec.mongodb, 'mongodb')) };
    case 'Firestore':
      return { ...common, type: 'Firestore', firestore: effectiveTls(present(spec.firestore, 'firestore')) };
    case 'DynamoDB':
      return { ...common, type: 'DynamoDB', dynamodb: effectiveTls(present(spec.dynamodb, 'dynamodb')) };
    case 'Grafeas':
      return { ...common, type: 'Grafeas', grafeas: effectiveTls(present(spec.grafeas, 'grafeas')) };
    case 'Archivista':
      return { ...common, type: 'Archivista', archivista: effectiveTls(present(spec.archivista, 'archivista')) };
    case 'Kafka':
      return { ...common, type: 'Kafka', kafka: effectiveTls(present(spec.kafka, 'kafka')) };
  }
}

function present<T>(settings: T | undefined, member: string): T {
  if (settings === undefined) throw new TypeError(`spec.${member} must be set when spec.type names it`);
  return settings;
}

function effectiveOCI(oci: OCISpec): EffectiveOCI {
  const { encoding, repository, authentication } = oci;
  return {
    encoding,
    ...(repository === undefined ? {} : { repository }),
    authentication: effectiveAuthentication(authentication),
    tls: effectiveTls(oci).tls,
  };
}

function effectiveAuthentication(authentication: OCISpec['authentication']): EffectiveAuthentication {
  const { type = 'RunServiceAccount', secretRef, ...cloud } = authentication ?? {};
  if (type === 'ServiceAccount' || type === 'WorkloadIdentity') return { ...cloud, type };
  if (type !== 'Secret') return { type };
  if (secretRef === undefined) throw new TypeError('spec.oci.authentication.secretRef must be set when type is Secret');
  return { type, secretRef };
}
