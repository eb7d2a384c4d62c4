// SPDX-License-Identifier: Apache-2.0
import type { EffectiveStorageBackendSpec } from '../api/v1alpha1/storage-backend/defaults.ts';
import type { LogEntry, Artifact } from '../evidence/artifact.ts';

type WitnessedBy = readonly Pick<LogEntry, 'integratedTime'>[];

/** The fields of an artifact, signed or not, that decide whether a backend accepts it. */
export interface OfferedArtifact extends Pick<Artifact, 'type' | 'form'> {
  readonly logEntries?: WitnessedBy;
}

/**
 * Check whether a backend accepts an artifact: its type, and a form and log entries that the backend's encoding can store. An image has two
 * signatures, of which a bundle stores the statement and a cosign tag the simple signing; a policy that makes both serves backends of both encodings.
 */
export function takesArtifact(
  spec: EffectiveStorageBackendSpec,
  { type, form, logEntries = [] }: OfferedArtifact,
): boolean {
  return spec.artifacts.includes(type) && fitsForm(spec, form) && holdsLogEntries(spec, logEntries);
}

/** Check whether a backend can store log entries: cosign's tags cannot store those of Rekor v2, which have no time. */
export function holdsLogEntries(spec: EffectiveStorageBackendSpec, logEntries: WitnessedBy): boolean {
  const isTags = spec.type === 'OCI' && spec.oci.encoding === 'CosignTags';
  return !isTags || logEntries.every(({ integratedTime }) => integratedTime !== undefined);
}

/** Check whether a backend's encoding can store a form. */
export function fitsForm(spec: EffectiveStorageBackendSpec, form: Artifact['form']): boolean {
  // It accepts only envelopes, and a simple signing has none.
  if (spec.type === 'Archivista') return form !== 'SimpleSigning';
  return spec.type !== 'OCI' || spec.oci.encoding !== unfitEncoding(form);
}

/** The registry encoding that cannot store a form. */
function unfitEncoding(form: Artifact['form']): 'CosignTags' | 'SigstoreBundle' | undefined {
  switch (form) {
    case 'SimpleSigning':
      return 'SigstoreBundle';
    case 'SigstoreStatement':
      return 'CosignTags';
    case 'InTotoStatement':
      return undefined;
  }
}
