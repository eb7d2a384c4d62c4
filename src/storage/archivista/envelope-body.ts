// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { tryParseJson } from '../../json/try-parse-json.ts';
import { dsseEnvelope } from '../../evidence/dsse-envelope.ts';
import type { SignedArtifact } from '../../evidence/artifact.ts';

const envelope = Compile(
  Type.Object({
    payload: Type.String(),
    payloadType: Type.String(),
    signatures: Type.Array(Type.Object({ keyid: Type.String(), sig: Type.String() }), { minItems: 1, maxItems: 1 }),
  }),
);

/** The upload: the envelope with its members in the order of Chains' Go client, and a line feed. */
export function envelopeBody({ payload, payloadType, keyID, signature }: SignedArtifact): Buffer {
  const signatures = [{ keyid: keyID, sig: signature.toString('base64') }];
  return Buffer.from(`${JSON.stringify({ payload: payload.toString('base64'), payloadType, signatures })}\n`);
}

/** Read the payload and the signature text of an upload; undefined unless it is an envelope with one signature. */
export function parseEnvelopeBody(bytes: Buffer): { readonly payload: Buffer; readonly signature: Buffer } | undefined {
  const value = tryParseJson(bytes);
  if (!envelope.Check(value)) return undefined;
  const { payloadType, signatures } = value;
  const payload = Buffer.from(value.payload, 'base64');
  const [{ keyid: keyID, sig } = { keyid: '', sig: '' }] = signatures;
  const text = dsseEnvelope({ payloadType, payload, keyID, signature: Buffer.from(sig, 'base64') });
  return { payload, signature: Buffer.from(text) };
}

/** The SHA-256 of bytes as a git blob, hex, which is Archivista's name for an upload. */
export function gitoid(bytes: Buffer): string {
  return createHash('sha256').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}
