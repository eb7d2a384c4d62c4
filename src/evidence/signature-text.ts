// SPDX-License-Identifier: Apache-2.0
import { dsseEnvelope } from './dsse-envelope.ts';
import type { SignedArtifact } from './artifact.ts';

/** The "signature" of Chains' storage backends: the envelope of a statement, or the raw bytes of an image signature. */
export function signatureText(artifact: SignedArtifact): Buffer {
  switch (artifact.form) {
    case 'InTotoStatement':
    case 'SigstoreStatement':
      return Buffer.from(dsseEnvelope(artifact), 'utf8');
    case 'SimpleSigning':
      return artifact.signature;
  }
}
