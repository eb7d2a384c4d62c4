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

/** What a DSSE envelope carries beside itself: nothing, or what was stored with it. */
export type Beside = Partial<Pick<Material, 'certificate' | 'logEntries' | 'timestamps'>>;

/**
 * The material of a DSSE envelope. One with two signatures is refused: whoever looks at the first alone takes the other for
 * checked. The keyid is a hint that anybody can write, so it is not looked at. @throws VerificationFailure
 */
export function envelopeMaterial(text: string, beside: Beside = {}): Material {
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
    ...beside,
    form: 'Envelope',
    payloadType: value.payloadType,
    payload: strictBase64(value.payload, 'the payload of the envelope'),
    signature: strictBase64(signature.sig, 'the signature of the envelope'),
  };
}
