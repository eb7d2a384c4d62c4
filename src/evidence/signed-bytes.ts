// SPDX-License-Identifier: Apache-2.0
import { dsse } from '@sigstore/core';
import type { Artifact } from './artifact.ts';

/** The bytes to sign: the pre-authentication encoding of a statement, or the payload of a simple signing. */
export function signedBytes(artifact: Pick<Artifact, 'form' | 'payloadType' | 'payload'>): Buffer {
  switch (artifact.form) {
    case 'InTotoStatement':
    case 'SigstoreStatement':
      return dsse.preAuthEncoding(artifact.payloadType, artifact.payload);
    case 'SimpleSigning':
      return artifact.payload;
  }
}
