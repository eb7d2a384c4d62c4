// SPDX-License-Identifier: Apache-2.0
import type { LookupAddress } from 'node:dns';
import { Resolver } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { LookupError } from './lookup-error.ts';
import type { NameResolver, ResolvedName } from './name-resolver.ts';
import { reachableFamilies } from './reachable-families.ts';
import { candidates, parseSearchList } from './search-list.ts';

export interface ClusterResolverOptions {
  readonly hostsFile?: string;
  readonly resolvConf?: string;
  /** `address:port`; those of the system's resolv.conf by default. */
  readonly servers?: readonly string[];
}

/** A lost packet is sent again before the look-up's time is over. */
const FIRST_TRY_MS = 1_500;
const TRIES = 2;

/** Answers after which the next name of the search list is tried, as glibc does. Silence ends the search. */
const TRIES_NEXT = new Set(['ENOTFOUND', 'ENODATA', 'ESERVFAIL', 'EBADNAME']);

/**
 * Looks names up as a pod's C library does (/etc/hosts, then name servers with search domains and ndots), but holds no thread meanwhile: a
 * look-up is a packet and a timer, it can be aborted, and it says how long its answer holds.
 */
export class ClusterResolver implements NameResolver {
  readonly #options: ClusterResolverOptions;

  constructor(options: ClusterResolverOptions = {}) {
    this.#options = options;
  }

  async resolve(name: string, signal: AbortSignal): Promise<ResolvedName> {
    const { hostsFile = '/etc/hosts', resolvConf = '/etc/resolv.conf', servers } = this.#options;
    const [hosts, configuration] = await Promise.all([textOf(hostsFile, signal), textOf(resolvConf, signal)]);
    const local = addressesInHosts(hosts, name);
    if (local.length > 0) return { addresses: local, ttlSeconds: 0 };
    const names = candidates(name, parseSearchList(configuration));
    return await search(names, name, (candidate) => ask(candidate, servers, signal));
  }
}

interface Asked {
  readonly found?: ResolvedName;
  readonly errors: readonly Error[];
}

async function search(
  names: readonly string[],
  name: string,
  askFor: (candidate: string) => Promise<Asked>,
): Promise<ResolvedName> {
  let failure: Error | undefined;
  for (const candidate of names) {
    const { found, errors } = await askFor(candidate);
    if (found !== undefined) return found;
    const last = errors.find((error) => !TRIES_NEXT.has(codeOf(error)));
    if (last !== undefined) throw codeOf(last) === 'ETIMEOUT' ? new LookupError('ETIMEOUT', name) : last;
    failure ??= errors.find((error) => codeOf(error) === 'ESERVFAIL');
  }
  if (failure === undefined) throw new LookupError('ENOTFOUND', name);
  throw new LookupError('ESERVFAIL', name, { cause: failure });
}

/** One absolute name, in each family that this machine can reach. One family that fails does not matter where the other has addresses. */
async function ask(name: string, servers: readonly string[] | undefined, signal: AbortSignal): Promise<Asked> {
  signal.throwIfAborted();
  // One for each name: an abort ends nothing else, and the time that c-ares gives a server does not shrink to what local answers took.
  const resolver = new Resolver({ timeout: FIRST_TRY_MS, tries: TRIES });
  if (servers !== undefined) resolver.setServers(servers);
  const onAbort = (): void => {
    resolver.cancel();
  };
  signal.addEventListener('abort', onAbort, { once: true });
  const families = reachableFamilies(networkInterfaces());
  const answers = await Promise.allSettled(families.map((family) => records(resolver, name, family)));
  signal.removeEventListener('abort', onAbort);
  const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  const errors = answers.flatMap((answer) => (answer.status === 'rejected' ? [asError(answer.reason)] : []));
  if (found.length === 0) return { errors };
  const addresses = found.map(({ address, family }) => ({ address, family }));
  return { found: { addresses, ttlSeconds: Math.min(...found.map(({ ttl }) => ttl)) }, errors };
}

async function records(
  resolver: Resolver,
  name: string,
  family: 4 | 6,
): Promise<readonly (LookupAddress & { readonly ttl: number })[]> {
  const found = await (family === 4 ? resolver.resolve4(name, { ttl: true }) : resolver.resolve6(name, { ttl: true }));
  return found.map(({ address, ttl }) => ({ address, family, ttl }));
}

/** The text of a file, empty where there is none. */
async function textOf(path: string, signal: AbortSignal): Promise<string> {
  try {
    return await readFile(path, { encoding: 'utf8', signal });
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return '';
    throw error;
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** The addresses that a file like /etc/hosts gives a name, in its order. @see hosts(5) */
function addressesInHosts(text: string, name: string): readonly LookupAddress[] {
  const wanted = name.replace(/\.$/, '');
  return text.split('\n').flatMap((line) => {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    const family = isIP(address);
    return family !== 0 && names.some((other) => other.toLowerCase() === wanted) ? [{ address, family }] : [];
  });
}
