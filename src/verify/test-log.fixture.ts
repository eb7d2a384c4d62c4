// SPDX-License-Identifier: Apache-2.0
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { json } from '@sigstore/core';
import type { TransparencyLogEntry } from '@sigstore/bundle';
import { TransparencyLogEntry as LogEntryMessage } from '@sigstore/protobuf-specs';
import type { Material } from './material/material.ts';

/** A signature to log. */
export interface LoggedSignature extends Pick<Material, 'form' | 'payload' | 'signature'> {
  /** PEM of the key or certificate. */
  readonly verifier: string;
  readonly time: Date;
}

const ORIGIN = 'log.example';

/**
 * A log with entries in the form of Rekor v1, with promise and proof. It accepts entries that an honest log refuses: any time, and a key
 * that did not sign. The end-to-end tests use real logs.
 */
export class TestLog {
  readonly #keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  #index = 0;

  /** The log's member of `tlogs` in a trusted root. */
  get trust() {
    return {
      baseUrl: `https://${ORIGIN}`,
      hashAlgorithm: 'SHA2_256',
      publicKey: {
        rawBytes: this.#spki.toString('base64'),
        keyDetails: 'PKIX_ECDSA_P256_SHA_256',
        validFor: { start: '2020-01-01T00:00:00Z' },
      },
      logId: { keyId: this.#logID.toString('base64') },
    };
  }

  entry(logged: LoggedSignature): TransparencyLogEntry {
    const body = Buffer.from(json.canonicalize(logged.form === 'Envelope' ? dsse(logged) : hashedRekord(logged)));
    const index = this.#index++;
    const integratedTime = Math.floor(logged.time.getTime() / 1000);
    const promised = {
      body: body.toString('base64'),
      integratedTime,
      logIndex: index,
      logID: this.#logID.toString('hex'),
    };
    const message = LogEntryMessage.fromJSON({
      logIndex: String(index),
      logId: { keyId: this.#logID.toString('base64') },
      kindVersion: { kind: logged.form === 'Envelope' ? 'dsse' : 'hashedrekord', version: '0.0.1' },
      integratedTime: String(integratedTime),
      inclusionPromise: { signedEntryTimestamp: this.#sign(json.canonicalize(promised)).toString('base64') },
      inclusionProof: this.#proof(body),
      canonicalizedBody: body.toString('base64'),
    });
    const { logId, kindVersion, ...entry } = message;
    if (logId === undefined || kindVersion === undefined) throw new TypeError('incomplete');
    return { ...entry, logId, kindVersion };
  }

  /** Proves inclusion in a tree with this entry alone. */
  #proof(body: Buffer): object {
    const root = createHash('sha256')
      .update(Buffer.from([0]))
      .update(body)
      .digest()
      .toString('base64');
    // Rekor v1 appends the tree id.
    const note = `${ORIGIN} - 1\n1\n${root}\n`;
    const signed = Buffer.concat([this.#logID.subarray(0, 4), this.#sign(note)]).toString('base64');
    return {
      logIndex: '0',
      rootHash: root,
      treeSize: '1',
      hashes: [],
      checkpoint: { envelope: `${note}\n— ${ORIGIN} ${signed}\n` },
    };
  }

  get #spki(): Buffer {
    return this.#keys.publicKey.export({ format: 'der', type: 'spki' });
  }

  get #logID(): Buffer {
    return createHash('sha256').update(this.#spki).digest();
  }

  #sign(text: string): Buffer {
    return sign('sha256', Buffer.from(text), this.#keys.privateKey);
  }
}

function dsse({ payload, signature, verifier }: LoggedSignature): object {
  return {
    apiVersion: '0.0.1',
    kind: 'dsse',
    spec: {
      envelopeHash: { algorithm: 'sha256', value: sha256(signature) },
      payloadHash: { algorithm: 'sha256', value: sha256(payload) },
      signatures: [{ signature: signature.toString('base64'), verifier: base64(verifier) }],
    },
  };
}

function hashedRekord({ payload, signature, verifier }: LoggedSignature): object {
  return {
    apiVersion: '0.0.1',
    kind: 'hashedrekord',
    spec: {
      data: { hash: { algorithm: 'sha256', value: sha256(payload) } },
      signature: { content: signature.toString('base64'), publicKey: { content: base64(verifier) } },
    },
  };
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
