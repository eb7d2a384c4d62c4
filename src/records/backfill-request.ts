// SPDX-License-Identifier: Apache-2.0
import type { BackendKind } from '../api/v1alpha1/kinds.ts';
import type { ProvenanceRecord } from '../api/v1alpha1/provenance-record/schema.ts';

/** Names further backends that a record is to be stored in: `Kind/name`, separated by commas. */
export const BACKFILL_ANNOTATION = 'hallmark.dev/backfill';

const MAX_BACKFILLS = 32;

/** A backend that a request names. */
export interface BackfillRef {
  readonly kind: BackendKind;
  readonly name: string;
}

/**
 * The further backends that a request asks for. Anyone who may annotate a record may ask: only signed evidence is sent, and only to
 * backends that the record's policy reaches. Parts that do not name a backend are ignored.
 */
export function backfillRefs({ metadata, spec }: ProvenanceRecord): readonly BackfillRef[] {
  const text = metadata.annotations?.[BACKFILL_ANNOTATION] ?? '';
  const refs = new Map<string, BackfillRef>();
  for (const part of text.split(',').slice(0, MAX_BACKFILLS)) {
    const ref = parseRef(part.trim());
    const isPromised = spec.backendRefs?.some(({ kind, name }) => kind === ref?.kind && name === ref.name) === true;
    if (ref !== undefined && !isPromised) refs.set(`${ref.kind}/${ref.name}`, ref);
  }
  return [...refs.values()];
}

/** True when the request names this backend: where it holds the evidence already, the evidence is written again. */
export function isRefillRequested({ metadata }: ProvenanceRecord, { kind, name }: BackfillRef): boolean {
  const text = metadata.annotations?.[BACKFILL_ANNOTATION] ?? '';
  return text.split(',').some((part) => part.trim() === `${kind}/${name}`);
}

function parseRef(text: string): BackfillRef | undefined {
  const [kind, name, ...more] = text.split('/');
  if (kind !== 'StorageBackend' && kind !== 'ClusterStorageBackend') return undefined;
  return name === undefined || name === '' || name.length > 253 || more.length > 0 ? undefined : { kind, name };
}
