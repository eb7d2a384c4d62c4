// SPDX-License-Identifier: Apache-2.0
import { warning } from '../api/v1alpha1/warning.ts';
import type { FinishedRun } from '../tekton/finished-run.ts';
import type { ImageReference } from '../tekton/image-reference.ts';
import { PayloadError } from '../tekton/payload-error.ts';
import { formats } from './formats.ts';
import type { ImageSignatureFormat, Payload, PayloadOptions } from './payload.ts';
import { redactRun } from './redact-run.ts';
import { signedImages } from './signed-images.ts';
import { sigstoreStatementPayload } from './sigstore-statement.ts';
import { simpleSigningPayload } from './simple-signing.ts';
import { statementBytes, statementPayloadType } from './statement-bytes.ts';

/**
 * Everything that is to be signed for a run: its attestation, then one signature per image that a TaskRun's results name
 * (a PipelineRun's images are signed with the TaskRuns that built them).
 *
 * @throws PayloadError when the run cannot be stated, or a payload is larger than the options allow
 */
export function payloads(run: FinishedRun, options: PayloadOptions): readonly Payload[] {
  const found = [...attestations(run, options), ...imageSignatures(run, options)];
  const { maximumPayloadBytes } = options;
  const large = found.find(({ bytes }) => maximumPayloadBytes !== undefined && bytes.length > maximumPayloadBytes);
  if (large !== undefined) {
    throw new PayloadError(
      'PayloadTooLarge',
      `payload ${large.name} of ${run.summary.kind} ${run.summary.name} has ${large.bytes.length} bytes; at most ${maximumPayloadBytes ?? 0} are allowed`,
    );
  }
  return found;
}

function attestations(run: FinishedRun, { attestation }: PayloadOptions): readonly Payload[] {
  if (attestation.format === 'None') return [];
  const redacted = redactRun(run, attestation.redactParameters);
  const { statement, warnings } = formats[attestation.format].statement(redacted, attestation);
  return [
    {
      name: 'attestation',
      type: 'Attestation',
      form: 'InTotoStatement',
      payloadType: statementPayloadType,
      bytes: statementBytes(statement),
      subjects: statement.subjects,
      warnings: [...unfinished(run), ...warnings],
    },
  ];
}

/** Children that had not ended by now; those that are gone are said by whoever looked for them. */
function unfinished({ summary, children }: FinishedRun): readonly string[] {
  return children
    .filter(({ object }) => object !== undefined && object.completionTime === undefined)
    .map(({ reference }) =>
      warning(
        'ChildMissing',
        `TaskRun ${reference.name}, a child of PipelineRun ${summary.name}, has no completion time: stated without it`,
      ),
    );
}

function imageSignatures(run: FinishedRun, { imageSignatureFormats, indexImages }: PayloadOptions): readonly Payload[] {
  const built = signedImages(run);
  const children = built.flatMap(({ fullName }) => indexImages?.get(fullName)?.images ?? []);
  const images = new Map([...built, ...children].map((image) => [image.fullName, image]));
  return imageSignatureFormats.flatMap((format) =>
    [...images.values()].map((image) => {
      const warnings = indexImages?.get(image.fullName)?.warnings ?? [];
      return { ...imagePayloads[format](image), warnings };
    }),
  );
}

const imagePayloads: Readonly<Record<ImageSignatureFormat, (image: ImageReference) => Payload>> = {
  SimpleSigning: simpleSigningPayload,
  SigstoreStatement: sigstoreStatementPayload,
};

export { PayloadError };
