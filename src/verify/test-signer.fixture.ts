// SPDX-License-Identifier: Apache-2.0
import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { dsse } from '@sigstore/core';
import type { SignedArtifact } from '../evidence/artifact.ts';
import { sshKeyID } from '../signing/ssh-key-id.ts';
import type { Expectations } from './expectations.ts';
import type { Material } from './material/material.ts';
import { SIMPLE_SIGNING_TYPE, STATEMENT_TYPE } from './material/material.ts';
import type { VerificationKey } from '../signing/verification-key.ts';

export const PROVENANCE = 'https://slsa.dev/provenance/v1';
export const NOW = new Date('2026-03-01T12:00:00Z');
export const DIGEST = 'a'.repeat(64);

/** A P-256 key, and evidence that it signs. */
export class TestSigner {
  readonly privateKey: KeyObject;
  readonly key: VerificationKey;

  constructor(privateKey: KeyObject = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey) {
    const publicKey = createPublicKey(privateKey);
    this.privateKey = privateKey;
    this.key = { keyID: sshKeyID(publicKey), publicKey: publicKey.export({ format: 'pem', type: 'spki' }).toString() };
  }

  /** A signed statement, or whatever is given as its payload and type. */
  envelope(payload: Buffer | object = statement(), payloadType: string = STATEMENT_TYPE): Material {
    const bytes = Buffer.isBuffer(payload) ? payload : Buffer.from(JSON.stringify(payload));
    const signature = sign('sha256', dsse.preAuthEncoding(payloadType, bytes), this.privateKey);
    return { form: 'Envelope', payloadType, payload: bytes, signature, logEntries: [], timestamps: [] };
  }

  /** A signed simple signing of an image. */
  simpleSigning(digest = DIGEST): Material {
    const critical = {
      identity: { 'docker-reference': 'reg.example/app' },
      image: { 'docker-manifest-digest': `sha256:${digest}` },
      type: 'cosign container image signature',
    };
    const payload = Buffer.from(JSON.stringify({ critical, optional: null }));
    const signature = sign('sha256', payload, this.privateKey);
    return { form: 'Raw', payloadType: SIMPLE_SIGNING_TYPE, payload, signature, logEntries: [], timestamps: [] };
  }

  /** Accepts this signer's provenance of the default subject, and nothing else. */
  expectations(more: Partial<Expectations> = {}): Expectations {
    return {
      keys: [this.key],
      identities: [],
      predicateTypes: [PROVENANCE],
      subjects: [{ sha256: DIGEST }],
      logs: 0,
      timestamps: 0,
      now: NOW,
      ...more,
    };
  }

  /** The artifact of a record that this material is of. */
  artifact({ form, payloadType, payload, signature }: Material): SignedArtifact {
    const isStatement = form === 'Envelope';
    return {
      name: isStatement ? 'attestation' : 'image-aaaaaaaaaaaa',
      type: isStatement ? 'Attestation' : 'ImageSignature',
      form: isStatement ? 'InTotoStatement' : 'SimpleSigning',
      payloadType,
      payload,
      subjects: [{ name: 'reg.example/app', digest: { sha256: DIGEST } }],
      signature,
      keyID: this.key.keyID,
      publicKey: this.key.publicKey,
    };
  }
}

/** A provenance statement about images of these digests. */
export function statement(digests: readonly string[] = [DIGEST], predicateType = PROVENANCE): object {
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: digests.map((sha256, index) => ({ name: `reg.example/app-${index}`, digest: { sha256 } })),
    predicateType,
    predicate: { note: 'n' },
  };
}
