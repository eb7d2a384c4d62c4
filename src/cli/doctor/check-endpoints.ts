// SPDX-License-Identifier: Apache-2.0
import { isObject } from '../../json/fields.ts';
import { displayUrl } from '../../net/display-url.ts';
import type { EgressClient } from '../../net/egress-client.ts';
import type { Check, CheckState } from './check.ts';

const TIMEOUT_MS = 10_000;
const MAX_AT_ONCE = 8;
/** The fields of policies and backends that name a server. */
const FIELDS: ReadonlySet<string> = new Set(['url', 'endpoint', 'fulcioURL', 'mirror', 'stsEndpoint', 'tokenEndpoint']);

/** The servers that specs name, each once. A registry is asked at its API. */
export function endpointsIn(specs: readonly unknown[]): readonly URL[] {
  const found = new Map<string, URL>();
  for (const spec of specs) collect(spec, found);
  return [...found.values()];
}

function collect(value: unknown, found: Map<string, URL>): void {
  if (Array.isArray(value)) for (const item of value) collect(item, found);
  if (!isObject(value) || Array.isArray(value)) return;
  for (const [name, inner] of Object.entries(value)) {
    if (typeof inner !== 'string') collect(inner, found);
    else if (FIELDS.has(name) && /^https?:\/\//.test(inner) && URL.canParse(inner)) add(new URL(inner), found);
    else if (name === 'repository') {
      const registry = `https://${inner.split('/')[0] ?? ''}/v2/`;
      if (URL.canParse(registry)) add(new URL(registry), found);
    }
  }
}

function add(url: URL, found: Map<string, URL>): void {
  found.set(url.href, url);
}

/** Tries to reach each server from this machine, without credentials. Any answer counts. */
export async function checkEndpoints(
  egress: Pick<EgressClient, 'request'>,
  urls: readonly URL[],
  signal: AbortSignal,
): Promise<readonly Check[]> {
  const checks: Check[] = [];
  for (let index = 0; index < urls.length; index += MAX_AT_ONCE) {
    const some = urls.slice(index, index + MAX_AT_ONCE);
    checks.push(...(await Promise.all(some.map((url) => checkEndpoint(egress, url, signal)))));
  }
  return checks;
}

async function checkEndpoint(egress: Pick<EgressClient, 'request'>, url: URL, signal: AbortSignal): Promise<Check> {
  const made = (state: CheckState, message: string): Check => {
    return { area: 'reach', subject: displayUrl(url), state, message };
  };
  const ask = async (asked: URL): Promise<Check> => {
    // The operator checks certificates, with the CA of each object. Here, any answer tells that the server is there.
    const exchange = { method: 'GET', url: asked, timeoutMs: TIMEOUT_MS, tls: { insecure: true } } as const;
    const { status } = await egress.request(exchange, signal);
    return status >= 500 ? made('Warning', `answers with ${status}`) : made('OK', 'answers');
  };
  // A registry may speak plain HTTP, which its name does not tell.
  const isRegistry = url.pathname === '/v2/';
  const plain = new URL(url.href.replace(/^https:/, 'http:'));
  try {
    return await ask(url).catch((error: unknown) => {
      if (isRegistry) return ask(plain);
      throw error;
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return made('Warning', `does not answer this machine, which may differ from what the operator sees: ${why}`);
  }
}
