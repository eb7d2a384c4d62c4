// SPDX-License-Identifier: Apache-2.0
import { signedBytes } from '../../src/evidence/signed-bytes.ts';
import type { SignedArtifact } from '../../src/evidence/artifact.ts';
import type { KeySigner } from '../../src/signing/key/key-signer.ts';

/** The signature of an image as cosign 3 makes it, an in-toto statement: repository and hex digest, signed. */
export async function signedSigstoreStatement(
  signer: KeySigner,
  repository: string,
  sha256: string,
): Promise<SignedArtifact> {
  const subjects = [{ name: repository, digest: { sha256 } }];
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: subjects,
    predicateType: 'https://sigstore.dev/cosign/sign/v1',
    predicate: {},
  };
  const unsigned = {
    name: `image-${sha256.slice(0, 12)}`,
    type: 'ImageSignature',
    form: 'SigstoreStatement',
    payloadType: 'application/vnd.in-toto+json',
    payload: Buffer.from(JSON.stringify(statement)),
    subjects,
  } as const;
  const { signature } = await signer.sign(signedBytes(unsigned));
  return { ...unsigned, signature, keyID: signer.keyID, publicKey: signer.publicKey };
}
