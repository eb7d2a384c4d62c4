// SPDX-License-Identifier: Apache-2.0
import type { ImageReference } from '../tekton/images/image-reference.ts';
import { imageNameDigits } from './image-name-digits.ts';
import type { Payload } from './payload.ts';
import { statementBytes, statementPayloadType } from './statement-bytes.ts';

/** The predicate type by which cosign 3 knows a bundle for an image's signature. */
const SIGN_PREDICATE_TYPE = 'https://sigstore.dev/cosign/sign/v1';

/**
 * The statement that cosign 3 signs for an image, with an empty predicate. Cosign leaves the subject's name out; here it is the
 * repository, which says where the signature belongs and which cosign passes over.
 */
export function sigstoreStatementPayload(image: ImageReference): Payload {
  const subjects = [{ name: image.repository, digest: { sha256: image.digestHex } }];
  const type = 'https://in-toto.io/Statement/v1';
  return {
    name: `image-statement-${imageNameDigits(image)}`,
    type: 'ImageSignature',
    form: 'SigstoreStatement',
    payloadType: statementPayloadType,
    bytes: statementBytes({ type, subjects, predicateType: SIGN_PREDICATE_TYPE, predicate: {} }),
    subjects,
    warnings: [],
  };
}
