// SPDX-License-Identifier: Apache-2.0
import type { EffectiveStorageBackendSpec } from '../../api/v1alpha1/storage-backend/defaults.ts';
import { parseRepository } from '../../storage/oci/registry/repository.ts';

/** Stands for hosts that a backend does not name: only a glob that takes everything takes it. */
const HIDDEN_HOST = '(in a Secret)';

/**
 * The hosts, with their ports, that a backend sends evidence to, as far as its spec decides. An OCI backend without a repository sends it to
 * the registries of the images instead, and a connection string is in a Secret.
 */
export function backendHosts(spec: EffectiveStorageBackendSpec): readonly string[] {
  switch (spec.type) {
    case 'Tekton':
      return [];
    case 'OCI':
      return spec.oci.repository === undefined ? [] : [registryOf(spec.oci.repository)];
    case 'MongoDB':
      return [HIDDEN_HOST];
    case 'Kafka':
      return spec.kafka.bootstrapServers;
    default:
      return [hostOf(serviceURL(spec))];
  }
}

type ServiceSpec = Extract<
  EffectiveStorageBackendSpec,
  { readonly type: 'GCS' | 'S3' | 'Firestore' | 'DynamoDB' | 'Grafeas' | 'Archivista' }
>;

/** The URL of a service; without an endpoint of its own, the one that its cloud gives it. */
function serviceURL(spec: ServiceSpec): string {
  switch (spec.type) {
    case 'GCS':
      return spec.gcs.apiEndpoint ?? 'https://storage.googleapis.com';
    case 'S3':
      return spec.s3.endpoint ?? `https://s3.${spec.s3.region}.amazonaws.com`;
    case 'Firestore':
      return spec.firestore.endpoint ?? 'https://firestore.googleapis.com';
    case 'DynamoDB':
      return spec.dynamodb.endpoint ?? `https://dynamodb.${spec.dynamodb.region}.amazonaws.com`;
    case 'Grafeas':
      return spec.grafeas.endpoint ?? 'https://containeranalysis.googleapis.com';
    case 'Archivista':
      return spec.archivista.url;
  }
}

function registryOf(repository: string): string {
  return parseRepository(repository)?.registry ?? repository;
}

/** A text that is no URL has no host: it is compared as it is written. */
function hostOf(url: string): string {
  return URL.parse(url)?.host ?? url;
}
