// SPDX-License-Identifier: Apache-2.0
import { Compile } from 'typebox/compile';
import Type from 'typebox';
import type { Static } from 'typebox';
import { tryParseJson } from '../../json/try-parse-json.ts';

const Schema = Type.Object({
  kdf: Type.Object({
    name: Type.Literal('scrypt'),
    params: Type.Object({
      // The three costs cosign has written; anything else could be a Secret made to exhaust the operator's memory.
      N: Type.Union([Type.Literal(32768), Type.Literal(65536), Type.Literal(131072)]),
      r: Type.Literal(8),
      p: Type.Literal(1),
    }),
    salt: Type.String({ maxLength: 1024 }),
  }),
  cipher: Type.Object({ name: Type.Literal('nacl/secretbox'), nonce: Type.String({ maxLength: 64 }) }),
  ciphertext: Type.String({ maxLength: 16_384 }),
});

const validator = Compile(Schema);

/** The JSON inside cosign's encrypted key PEM (go-securesystemslib `encrypted`). Byte fields are base64. */
export type CosignKeyFile = Static<typeof Schema>;

/** undefined when the bytes are not such a file, or one with parameters that cosign never writes. */
export function parseCosignKeyFile(bytes: Buffer): CosignKeyFile | undefined {
  const value = tryParseJson(bytes);
  return validator.Check(value) ? value : undefined;
}
