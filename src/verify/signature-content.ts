// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { SignedEntity } from '@sigstore/verify';
import { dsse } from '@sigstore/core';
import type { Material } from './material/material.ts';
import { isSignedBy } from '../evidence/signature-check.ts';

const hashOfLength: Readonly<Record<number, string>> = { 32: 'sha256', 48: 'sha384', 64: 'sha512' };

/** A signature and the signed bytes, in the form that Sigstore's verifier compares with log entries. */
export class SignatureContent implements Readonly<SignedEntity['signature']> {
  readonly signature: Buffer;
  /** The signed bytes. */
  readonly signed: Buffer;
  readonly #payload: Buffer;

  constructor({ form, payloadType, payload, signature }: Material) {
    this.signature = signature;
    this.signed = form === 'Raw' ? payload : dsse.preAuthEncoding(payloadType, payload);
    this.#payload = payload;
  }

  compareSignature(signature: Buffer): boolean {
    return this.signature.equals(signature);
  }

  /** Compares the digest of the payload, which `dsse` entries state. */
  compareDigest(digest: Buffer): boolean {
    return hasDigest(this.#payload, digest);
  }

  /** Compares the digest of the signed bytes, which `hashedrekord` entries state. */
  compareSignedDigest(digest: Buffer): boolean {
    return hasDigest(this.signed, digest);
  }

  verifySignature(key: KeyObject): boolean {
    return isSignedBy(key, this.signed, this.signature);
  }
}

function hasDigest(bytes: Buffer, digest: Buffer): boolean {
  const hash = hashOfLength[digest.length];
  return hash !== undefined && createHash(hash).update(bytes).digest().equals(digest);
}
