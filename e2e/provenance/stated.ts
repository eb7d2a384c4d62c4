// SPDX-License-Identifier: Apache-2.0
import type { ProvenanceRecord } from '../../src/api/v1alpha1/provenance-record/schema.ts';
import { unpackPayload } from '../../src/evidence/packed-payload.ts';
import { asManifest, at, type Manifest } from '../chart/helm.ts';

/** The payloads that a record holds, in its order, as `hallmark preview` prints them. */
export function recordedPayloads(
  record: ProvenanceRecord,
): readonly { readonly type: string; readonly payload: string }[] {
  return (record.evidence?.artifacts ?? []).map(({ type, payload }) => ({
    type,
    payload: unpackPayload(payload).toString('utf8'),
  }));
}

/** The statement in a record. */
export function statementOf(record: ProvenanceRecord): unknown {
  const attestation = recordedPayloads(record).find(({ type }) => type === 'Attestation');
  if (attestation === undefined) throw new Error('the record holds no attestation');
  return JSON.parse(attestation.payload);
}

/** The warnings of a record about its statement. */
export function warningsOf(record: ProvenanceRecord): readonly string[] {
  return (record.evidence?.artifacts ?? []).flatMap(({ warnings = [] }) => warnings);
}

/** The by-products of a SLSA 1.0 statement by name, their content parsed. */
export function byProducts(statement: unknown): ReadonlyMap<string, unknown> {
  return new Map(
    entries(at(statement, 'predicate', 'runDetails', 'byproducts')).map((entry) => [
      String(at(entry, 'name')),
      contentOf(entry),
    ]),
  );
}

/** The resolved dependencies of a SLSA 1.0 statement. */
export function dependencies(statement: unknown): readonly Manifest[] {
  return entries(at(statement, 'predicate', 'buildDefinition', 'resolvedDependencies'));
}

/** The parsed content of a resource descriptor. */
export function contentOf(descriptor: unknown): unknown {
  return JSON.parse(Buffer.from(String(at(descriptor, 'content')), 'base64').toString('utf8'));
}

/** Subjects as `name@algorithm:hex`, in order of text. */
export function subjectTexts(subjects: unknown): readonly string[] {
  return entries(subjects)
    .flatMap((subject) =>
      Object.entries(at(subject, 'digest') ?? {}).map(
        ([algorithm, hex]) => `${String(at(subject, 'name'))}@${algorithm}:${String(hex)}`,
      ),
    )
    .toSorted();
}

/** The text with all that base64 hides in it, however deep. */
export function laidOpen(text: string): string {
  const hidden = [...text.matchAll(/[A-Za-z0-9+/]{16,}={0,2}/g)]
    .filter(([base64]) => base64.length % 4 === 0)
    .map(([base64]) => Buffer.from(base64, 'base64').toString('utf8'))
    .filter((decoded) => decoded.startsWith('{') || decoded.startsWith('[') || decoded.startsWith('"'));
  return [text, ...hidden.map(laidOpen)].join('\n');
}

/** A list, or nothing. */
export function entries(list: unknown): readonly Manifest[] {
  return Array.isArray(list) ? list.map(asManifest) : [];
}
