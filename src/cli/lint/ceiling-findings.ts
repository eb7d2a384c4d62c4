// SPDX-License-Identifier: Apache-2.0
import { standardRetention } from '../../api/v1alpha1/signing-policy/retention.ts';
import { field } from '../../json/fields.ts';
import { boundedBackend } from '../../pipelines/ceilings/bounded-backend.ts';
import { boundedPolicy } from '../../pipelines/ceilings/bounded-policy.ts';
import type { Bounds, CeilingDefinition } from '../../pipelines/ceilings/ceiling-definition.ts';
import { readCeiling } from '../../pipelines/ceilings/read-ceiling.ts';
import { readBackend } from '../../pipelines/read-backend.ts';
import { readPolicy } from '../../pipelines/read-policy.ts';
import type { LintDocument, UnreadableDocument } from './lint-documents.ts';

/** The metadata that the API server would give to a manifest. */
const STORED = { uid: 'offline', resourceVersion: '1', generation: 1, creationTimestamp: '1970-01-01T00:00:00Z' };

/** Reads the PolicyCeilings among documents. @throws Error if one cannot be read, or there is none */
export function ceilingsIn(documents: readonly (LintDocument | UnreadableDocument)[]): readonly CeilingDefinition[] {
  const ceilings = documents.flatMap((document) => {
    const place = `${document.file}:${'line' in document ? document.line : document.lineOf('')}`;
    if ('syntaxError' in document) throw new Error(`${place}: cannot be read: ${document.syntaxError}`);
    if (field(document.value, 'kind') !== 'PolicyCeiling') return [];
    const read = readCeiling(asStored(document.value));
    if (read === undefined) throw new Error(`${place}: PolicyCeiling without a name`);
    if (read.invalid !== undefined) throw new Error(`${place}: PolicyCeiling ${read.name}: ${read.invalid}`);
    return [read];
  });
  if (ceilings.length === 0) throw new Error('--ceiling names no file with a PolicyCeiling');
  return ceilings.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * The excess of a valid SigningPolicy or StorageBackend over ceilings, as if each selected its namespace; undefined for none, and for other
 * kinds. The number of objects in a namespace is not known offline.
 */
export function ceilingExcess(manifest: unknown, ceilings: readonly CeilingDefinition[]): string | undefined {
  const object = asStored(manifest);
  const namespace = String(field(field(object, 'metadata'), 'namespace'));
  const bounds: Bounds = { namespace, ceilings, isUncertain: false };
  if (field(object, 'kind') === 'SigningPolicy') {
    const policy = readPolicy(object, '');
    return policy && boundedPolicy(policy, { bounds, retention: standardRetention, rank: 0 }).exceeds?.message;
  }
  if (field(object, 'kind') !== 'StorageBackend') return undefined;
  const read = readBackend(object, '');
  return read.ok ? boundedBackend(read.backend, bounds, 0).exceeds?.message : undefined;
}

function asStored(manifest: unknown): object {
  const metadata = field(manifest, 'metadata');
  const name = field(metadata, 'name') ?? field(metadata, 'generateName');
  const stored = { ...STORED, name, namespace: field(metadata, 'namespace') ?? 'default' };
  const parts = { apiVersion: field(manifest, 'apiVersion'), kind: field(manifest, 'kind') };
  return { ...parts, metadata: stored, spec: field(manifest, 'spec') };
}
