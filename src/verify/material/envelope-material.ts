// SPDX-License-Identifier: Apache-2.0
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import type { Material } from './material.ts';
import { strictBase64 } from '../checks/strict-base64.ts';
import { strictJson } from '../strict-json.ts';
import { VerificationFailure } from '../verification-failure.ts';

const envelope = Compile(
  Type.Object({
    payloadType: Type.String({ minLength: 1 }),
    payload: Type.String(),
    signatures: Type.Array(Type.Object({ keyid: Type.Optional(Type.String()), sig: Type.String({ minLength: 1 }) })),
  }),
);

/** Material stored next to a DSSE envelope, which itself carries none. */
export type AttachedMaterial = Partial<Pick<Material, 'certificate' | 'logEntries' | 'timestamps'>>;

/**
 * Reads the material of a DSSE envelope. An envelope with two signatures is refused, because a reader that checks only the first would
 * trust the other. The keyid is an unsigned hint and is ignored. @throws VerificationFailure
 */
export function envelopeMaterial(text: string, attached: AttachedMaterial = {}): Material {
  const value = strictJson(text, 'the envelope');
  if (!envelope.Check(value)) throw new VerificationFailure('MaterialInvalid', 'it is not a DSSE envelope');
  const [signature] = value.signatures;
  if (signature === undefined || value.signatures.length !== 1) {
    const count = value.signatures.length;
    throw new VerificationFailure('MaterialInvalid', `the envelope has ${count} signatures and must have exactly one`);
  }
  return {
    logEntries: [],
    timestamps: [],
    ...attached,
    form: 'Envelope',
    payloadType: value.payloadType,
    payload: strictBase64(value.payload, 'the payload of the envelope'),
    signature: strictBase64(signature.sig, 'the signature of the envelope'),
  };
}
