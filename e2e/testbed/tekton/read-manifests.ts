// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

interface CustomResourceDefinition {
  readonly spec: { readonly conversion?: unknown; readonly versions: readonly { readonly storage: boolean }[] };
}

interface WebhookConfiguration {
  readonly metadata: { readonly name: string };
  readonly webhooks: readonly { readonly clientConfig: { readonly service: object } }[];
}

/**
 * Tekton's namespace, roles for users, ConfigMaps, CRDs and admission webhooks, as the API server of the testbed needs them. The CRDs
 * keep their storage version only and lose their conversion webhook. The admission webhooks are called on `webhookPort`
 * of 127.0.0.1: a Service of type ExternalName leads there.
 */
export function readManifests(configDirectory: string, webhookPort: number): unknown[] {
  const files = [
    join(configDirectory, '100-namespace', '100-namespace.yaml'),
    ...yamlFiles(configDirectory, /^(clusterrole|config)-/),
    join(configDirectory, '500-webhooks.yaml'),
    ...yamlFiles(join(configDirectory, '300-crds'), /./),
  ];
  const manifests = files
    .flatMap((file) => parseAllDocuments(readFileSync(file, 'utf8')))
    .map((document) => adapt(document.toJS(), webhookPort));
  return [...manifests.filter((manifest) => manifest !== undefined), webhookService];
}

const webhookService = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'tekton-pipelines-webhook', namespace: 'tekton-pipelines' },
  spec: { type: 'ExternalName', externalName: '127.0.0.1' },
};

function yamlFiles(directory: string, pattern: RegExp): string[] {
  const names = readdirSync(directory).filter((name) => name.endsWith('.yaml') && pattern.test(name));
  return names.sort().map((name) => join(directory, name));
}

function adapt(manifest: unknown, webhookPort: number): unknown {
  if (isCustomResourceDefinition(manifest)) return withoutConversion(manifest);
  if (!isWebhookConfiguration(manifest)) return manifest;
  // The webhook for Tekton's own ConfigMaps is not served here.
  return manifest.metadata.name.startsWith('config.') ? undefined : withPort(manifest, webhookPort);
}

function withoutConversion(definition: CustomResourceDefinition): unknown {
  const spec = { ...definition.spec, versions: definition.spec.versions.filter(({ storage }) => storage) };
  delete spec.conversion;
  return { ...definition, spec };
}

function withPort(configuration: WebhookConfiguration, port: number): unknown {
  const webhooks = configuration.webhooks.map((webhook) => ({
    ...webhook,
    clientConfig: { ...webhook.clientConfig, service: { ...webhook.clientConfig.service, port } },
  }));
  return { ...configuration, webhooks };
}

/** True for a CRD among the manifests. */
export function isCustomResourceDefinition(manifest: unknown): manifest is CustomResourceDefinition {
  return hasKind(manifest) && manifest.kind === 'CustomResourceDefinition';
}

function isWebhookConfiguration(manifest: unknown): manifest is WebhookConfiguration {
  return hasKind(manifest) && typeof manifest.kind === 'string' && manifest.kind.endsWith('WebhookConfiguration');
}

function hasKind(manifest: unknown): manifest is { kind: unknown } {
  return manifest !== null && typeof manifest === 'object' && 'kind' in manifest;
}
