// SPDX-License-Identifier: Apache-2.0
import { isObject } from '../../json/fields.ts';
import { withoutUserInfo } from '../../tekton/user-info.ts';

interface Values {
  readonly chains?: unknown;
  readonly hallmark?: unknown;
}

const REDACTED = '[redacted]';
const HIDDEN = '[not shown, because Hallmark redacts it]';

/** The values of a difference without what Hallmark leaves out of its payloads as secret: reports end up in tickets and logs. */
export function withoutSecrets<T extends Values>(difference: T): T {
  const { chains, hallmark } = difference;
  if (chains === undefined) return difference;
  return { ...difference, chains: holdsRedaction(hallmark) ? HIDDEN : cleaned(chains) };
}

function holdsRedaction(value: unknown): boolean {
  if (typeof value === 'string') return value.includes(REDACTED) || decoded(value).includes(REDACTED);
  if (Array.isArray(value)) return value.some(holdsRedaction);
  return isObject(value) && Object.values(value).some(holdsRedaction);
}

function cleaned(value: unknown): unknown {
  if (typeof value === 'string') return cleanedText(value);
  if (Array.isArray(value)) return value.map(cleaned);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, cleaned(entry)]));
}

/** A statement holds whole tasks as base64. */
function cleanedText(text: string): string {
  const inside = decoded(text);
  const isClean = withoutUserInfo(inside) === inside;
  return isClean ? withoutUserInfo(text) : Buffer.from(withoutUserInfo(inside)).toString('base64');
}

/** The text in base64; empty for anything else. */
function decoded(text: string): string {
  return /^[A-Za-z0-9+/]{8,}={0,2}$/.test(text) ? Buffer.from(text, 'base64').toString('utf8') : '';
}
