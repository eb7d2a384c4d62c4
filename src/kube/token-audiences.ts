// SPDX-License-Identifier: Apache-2.0
import { isObject } from '../json/fields.ts';

/** The audiences that a bearer token states; none of an opaque one, or of another kind of credentials. Nothing is verified. */
export function tokenAudiences(authorization: string | undefined): readonly string[] {
  const [, payload] = /^Bearer [^.\s]+\.([^.\s]+)\.[^.\s]+$/.exec(authorization ?? '') ?? [];
  if (payload === undefined) return [];
  const claims = parsed(Buffer.from(payload, 'base64url').toString('utf8'));
  const audience: unknown = isObject(claims) ? claims['aud'] : undefined;
  const all: readonly unknown[] = Array.isArray(audience) ? audience : [audience];
  return all.filter((each) => typeof each === 'string');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
