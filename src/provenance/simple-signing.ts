// SPDX-License-Identifier: Apache-2.0
import { goJson } from '../tekton/go/encode-json.ts';
import type { ImageReference } from '../tekton/images/image-reference.ts';
import { imageNameDigits } from './image-name-digits.ts';
import type { Payload } from './payload.ts';

export const simpleSigningPayloadType = 'application/vnd.dev.cosign.simplesigning.v1+json';

/** The image signature payload that cosign reads: signed as it is, no envelope, no newline. */
export function simpleSigningPayload(image: ImageReference): Payload {
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
    payloadType: simpleSigningPayloadType,
    bytes: Buffer.from(goJson(document)),
    subjects: [{ name: image.repository, digest: { sha256: image.digestHex } }],
    warnings: [],
  };
}
