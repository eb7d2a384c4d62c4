// SPDX-License-Identifier: Apache-2.0
import { slsaV02Statement } from './slsa-v02/format.ts';
import { v2alpha3Statement, v2alpha4Statement } from './slsa-v1/statement.ts';
import type { FormatName, ProvenanceFormat } from './statement.ts';
import { boundedWarnings, warning } from '../api/v1alpha1/warning.ts';
import type { FinishedRun } from '../tekton/finished-run.ts';
import type { ImageReference } from '../tekton/images/image-reference.ts';
import { announcementWarnings } from './warnings/announcement-warnings.ts';
import type { Artifact } from '../evidence/artifact.ts';
import type { ImageSignatureFormat, PayloadOptions } from './payload-options.ts';
import { redactRun } from './redaction/redact-run.ts';
import { removeCredentials } from './redaction/remove-credentials.ts';
import { signedImages } from './signed-images.ts';
import { sigstoreStatementPayload, simpleSigningPayload } from './image-payloads.ts';
import { statementBytes, statementPayloadType } from './statement.ts';

/** Each format by its name in a policy. */
const formats = {
  'slsa/v1': slsaV02Statement,
  'in-toto': slsaV02Statement,
  'slsa/v2alpha3': v2alpha3Statement,
  'slsa/v2alpha4': v2alpha4Statement,
} as const satisfies Record<FormatName, ProvenanceFormat>;

/**
 * Build everything to sign for a run: its attestation, then one signature per image that is a subject of a TaskRun (the
 * images of a PipelineRun are signed with the TaskRuns that built them). The first payload carries the warnings about
 * the run.
 *
 * @throws PayloadError when the run cannot be attested
 */
export function payloads(run: FinishedRun, options: PayloadOptions): readonly Artifact[] {
  const clean = removeCredentials(run);
  const redacted = redactRun(clean.run, options.attestation.redactParameters);
  const announced = announcementWarnings(redacted, options.attestation);
  const [first, ...others] = [...attestations(redacted, options), ...imageSignatures(clean.run, options)];
  if (first === undefined) return [];
  const warnings = boundedWarnings([...announced, ...(first.warnings ?? []), ...clean.warnings]);
  return [{ ...first, warnings }, ...others];
}

function attestations(run: FinishedRun, { attestation }: PayloadOptions): readonly Artifact[] {
  if (attestation.format === 'None') return [];
  const { statement, warnings } = formats[attestation.format](run, attestation);
  return [
    {
      name: 'attestation',
      type: 'Attestation',
      form: 'InTotoStatement',
      payloadType: statementPayloadType,
      payload: statementBytes(statement),
      subjects: statement.subjects,
      warnings: [...unstatedChildren(run), ...warnings],
    },
  ];
}

/** Warn about children without an end and nested pipelines without an object; the caller warns of missing TaskRuns and replaced children. */
function unstatedChildren({ summary, children }: FinishedRun): readonly string[] {
  return children.flatMap((child) => {
    const { reference, object, nested, replaced } = child;
    if (replaced !== undefined) return [];
    const named = `${reference.kind} ${reference.name}, a child of PipelineRun ${summary.name},`;
    if (object !== undefined && object.completionTime === undefined) {
      return [warning('ChildMissing', `${named} has no completion time: stated without it`)];
    }
    if (nested !== undefined) return unstatedChildren(nested);
    if (reference.kind !== 'PipelineRun') return [];
    const why = child.isGiven ? 'is nested too deep' : 'is gone';
    return [warning('ChildMissing', `${named} ${why}: the inputs and outputs of its tasks are not stated`)];
  });
}

function imageSignatures(
  run: FinishedRun,
  { attestation, imageSignatureFormats, indexImages }: PayloadOptions,
): readonly Artifact[] {
  const built = signedImages(run, attestation.format);
  const children = built.flatMap(({ fullName }) => indexImages?.get(fullName)?.images ?? []);
  const images = new Map([...built, ...children].map((image) => [image.fullName, image]));
  return imageSignatureFormats.flatMap((format) =>
    [...images.values()].map((image) => {
      const warnings = indexImages?.get(image.fullName)?.warnings ?? [];
      return { ...imagePayloads[format](image), warnings };
    }),
  );
}

const imagePayloads: Readonly<Record<ImageSignatureFormat, (image: ImageReference) => Artifact>> = {
  SimpleSigning: simpleSigningPayload,
  SigstoreStatement: sigstoreStatementPayload,
};
