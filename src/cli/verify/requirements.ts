// SPDX-License-Identifier: Apache-2.0
import { parseImageReference } from '../../tekton/images/image-reference.ts';
import { IMAGE_SIGNATURE_TYPE, PROVENANCE_TYPES } from '../../verify/expectations.ts';
import { UsageError } from '../cli-error.ts';
import type { VerifyOptions } from './verify-options.ts';

/** The content that the user requires of the evidence. */
export interface Requirements {
  /** Predicate types of which there must be one each; empty accepts those that Hallmark signs. */
  readonly types: readonly string[];
  /** Digests that must each be among the subjects. */
  readonly subjects: readonly Readonly<Record<string, string>>[];
}

/** The types that Hallmark signs, accepted where the user requires none. */
export const DEFAULT_TYPES: readonly string[] = [...PROVENANCE_TYPES, IMAGE_SIGNATURE_TYPE];

const aliases: Readonly<Record<string, readonly string[]>> = {
  slsaprovenance: ['https://slsa.dev/provenance/v0.2'],
  slsaprovenance02: ['https://slsa.dev/provenance/v0.2'],
  slsaprovenance1: ['https://slsa.dev/provenance/v1'],
  imagesignature: [IMAGE_SIGNATURE_TYPE],
};

/** Reads --type, --digest and --image. @throws UsageError */
export function requirements({ type, digest, image }: VerifyOptions): Requirements {
  return { types: type.flatMap(predicateTypes), subjects: [...digest.map(digestSubject), ...image.map(imageSubject)] };
}

function predicateTypes(type: string): readonly string[] {
  const types = aliases[type];
  if (types !== undefined) return types;
  if (URL.canParse(type)) return [type];
  throw new UsageError(`"${type}" is neither a URI nor one of ${Object.keys(aliases).join(', ')}`);
}

const hexLengths: Readonly<Record<string, number>> = { sha1: 40, sha256: 64, sha384: 96, sha512: 128 };

function digestSubject(text: string): Readonly<Record<string, string>> {
  const [, algorithm = '', hex = ''] = /^([a-z0-9]+):([0-9a-f]+)$/i.exec(text) ?? [];
  const length = hexLengths[algorithm] ?? hex.length;
  if (hex !== '' && hex.length === length) return { [algorithm]: hex.toLowerCase() };
  throw new UsageError(`"${text}" is not a digest as sha256:…`);
}

function imageSubject(text: string): Readonly<Record<string, string>> {
  const reference = parseImageReference(text);
  if (reference !== undefined) return { sha256: reference.digestHex };
  throw new UsageError(`"${text}" does not name an image by digest, as NAME@sha256:…`);
}
