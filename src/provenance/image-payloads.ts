// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { goJson } from '../tekton/go/encode-json.ts';
import type { ImageReference } from '../tekton/images/image-reference.ts';
import type { Artifact, Subject } from '../evidence/artifact.ts';
import { statementBytes, statementPayloadType } from './statement.ts';

/** Build the image signature payload that cosign reads: signed as it is, without envelope and newline. */
export function simpleSigningPayload(image: ImageReference): Artifact {
  const document = {
    critical: {
      identity: { 'docker-reference': image.repository },
      image: { 'docker-manifest-digest': `sha256:${image.digestHex}` },
      type: 'cosign container image signature',
    },
    optional: null,
  };
  return {
    name: `image-${imageNameDigits(image)}`,
    type: 'ImageSignature',
    form: 'SimpleSigning',
    payloadType: 'application/vnd.dev.cosign.simplesigning.v1+json',
    payload: Buffer.from(goJson(document)),
    subjects: [subjectOf(image)],
  };
}

/**
 * Build the statement that cosign 3 signs for an image, with an empty predicate. Cosign leaves the subject's name out and
 * ignores it; here it is the repository, which says where the signature belongs.
 */
export function sigstoreStatementPayload(image: ImageReference): Artifact {
  const subjects = [subjectOf(image)];
  const type = 'https://in-toto.io/Statement/v1';
  // Cosign 3 recognises the bundle of an image signature by this predicate type.
  const predicateType = 'https://sigstore.dev/cosign/sign/v1';
  return {
    name: `image-statement-${imageNameDigits(image)}`,
    type: 'ImageSignature',
    form: 'SigstoreStatement',
    payloadType: statementPayloadType,
    payload: statementBytes({ type, subjects, predicateType, predicate: {} }),
    subjects,
  };
}

function subjectOf({ repository, digestHex }: ImageReference): Subject {
  return { name: repository, digest: { sha256: digestHex } };
}

/** 12 hex digits that tell the images of a run apart, for the names of their signatures in the record. */
function imageNameDigits({ fullName }: ImageReference): string {
  return createHash('sha256').update(fullName).digest('hex').slice(0, 12);
}
