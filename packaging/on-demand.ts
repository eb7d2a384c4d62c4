// SPDX-License-Identifier: Apache-2.0

/**
 * The packages that stay outside the bundle, in node_modules: only some backends, key management services and trusted roots load them, and
 * some read files in the folders of their modules, or have a part replaced (`src/storage/mongodb/refuse-compression.ts`).
 */
export const onDemand: readonly string[] = [
  '@aws-sdk/client-dynamodb',
  '@aws-sdk/client-ecr',
  '@aws-sdk/client-kms',
  '@aws-sdk/client-s3',
  '@aws-sdk/credential-provider-web-identity',
  '@azure/keyvault-keys',
  '@azure/msal-node',
  '@google-cloud/kms',
  '@opentelemetry/exporter-trace-otlp-http',
  '@opentelemetry/resources',
  '@opentelemetry/sdk-trace',
  '@platformatic/kafka',
  '@sigstore/tuf',
  'google-auth-library',
  'mongodb',
  'node-vault',
  'sigstore',
  'tuf-js',
];
