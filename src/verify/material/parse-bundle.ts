// SPDX-License-Identifier: Apache-2.0
import type { Bundle } from '@sigstore/bundle';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { field, has, isObject } from '../../json/fields.ts';
import { parseSigstoreBundle } from '../../evidence/sigstore-bundle.ts';
import { strictJson } from '../strict-json.ts';
import { VerificationFailure } from '../verification-failure.ts';

/** Fields of a later version could have another meaning. */
const MEDIA_TYPES = [
  'application/vnd.dev.sigstore.bundle+json;version=0.1',
  'application/vnd.dev.sigstore.bundle+json;version=0.2',
  'application/vnd.dev.sigstore.bundle+json;version=0.3',
  'application/vnd.dev.sigstore.bundle.v0.3+json',
] as const;

const list = Type.Optional(Type.Array(Type.Object({})));
const shape = Compile(
  Type.Object({
    mediaType: Type.Enum([...MEDIA_TYPES]),
    verificationMaterial: Type.Object({
      tlogEntries: list,
      timestampVerificationData: Type.Optional(Type.Object({ rfc3161Timestamps: list })),
    }),
  }),
);

/** A bundle has exactly one signer and one content. */
const SIGNERS = ['publicKey', 'certificate', 'x509CertificateChain'];
const CONTENTS = ['dsseEnvelope', 'messageSignature'];

/**
 * Parses a bundle that has only one reading. Sigstore's parser takes one of two signers or contents and ignores the other, and reads a
 * malformed list as an empty one. @throws VerificationFailure
 */
export function parseBundle(text: string): Bundle {
  const value = strictJson(text, 'the bundle');
  if (!shape.Check(value)) throw invalid('it is not a Sigstore bundle of a known version');
  requireOne(value.verificationMaterial, SIGNERS);
  requireOne(value, CONTENTS);
  try {
    return parseSigstoreBundle(text);
  } catch (error) {
    throw invalid('it is not a Sigstore bundle', error);
  }
}

function requireOne(value: unknown, names: readonly string[]): void {
  const given = names.filter((name) => has(value, name));
  const [name = ''] = given;
  if (given.length === 1 && isObject(field(value, name))) return;
  throw invalid(`the bundle must have exactly one of ${names.join(', ')}`);
}

function invalid(message: string, cause?: unknown): VerificationFailure {
  return new VerificationFailure('MaterialInvalid', message, { cause });
}
