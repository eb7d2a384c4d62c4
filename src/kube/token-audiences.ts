// SPDX-License-Identifier: Apache-2.0
import { tryParseJson } from '../json/try-parse-json.ts';
import { isObject } from '../json/fields.ts';

/** The audiences that a bearer token states; none of an opaque one, or of another kind of credentials. Nothing is verified. */
export function tokenAudiences(authorization: string | undefined): readonly string[] {
  const [, payload] = /^Bearer [^.\s]+\.([^.\s]+)\.[^.\s]+$/.exec(authorization ?? '') ?? [];
  if (payload === undefined) return [];
  const claims = tryParseJson(Buffer.from(payload, 'base64url'));
  const audience: unknown = isObject(claims) ? claims['aud'] : undefined;
  const all: readonly unknown[] = Array.isArray(audience) ? audience : [audience];
  return all.filter((each) => typeof each === 'string');
}
