// SPDX-License-Identifier: Apache-2.0
import type { LookupAddress } from 'node:dns';
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { LRUCache } from 'lru-cache';
import { abortable } from '../../runtime/abortable.ts';
import { cacheClock, ttlBelow } from '../../runtime/cache/cache-clock.ts';
import type { Clock } from '../../runtime/clock.ts';
import { LookupError } from './lookup-error.ts';
import type { NameResolver, ResolvedName } from './name-resolver.ts';

type Addresses = readonly LookupAddress[];

/** The look-ups of one process, and the answers they gave. */
export interface NameLookupsOptions {
  readonly resolver: NameResolver;
  readonly clock: Clock;
}

/** The party that asks: `share` is a tenant, or empty for the operator. */
export interface Asker {
  readonly share: string;
  readonly signal?: AbortSignal;
}

interface Ask {
  readonly name: string;
  readonly share: string;
  readonly answer: PromiseWithResolvers<Addresses>;
}

/** Look-ups under way at once, where more than one of them is of the same share. */
const PLACES = 64;
/** From the question to the answer; a connection is given up after twice as long. */
const TIMEOUT_MS = 5_000;
const MAX_AGE_MS = 30_000;
const FAILURE_AGE_MS = 5_000;
const MAX_ANSWERS = 4_096;
/** An answer may list thousands; a connection tries a few. */
const MAX_ADDRESSES = 16;

/**
 * Looks up names for many tenants. Each name is asked for once at a time, each look-up ends in time, and an answer is kept for as long as it
 * says, 30 seconds at most. A share may hold as many places as are free, and each has one in any case: names that resolve slowly hold up no
 * tenant but their own. Answers are addresses without any permission: the outbound rules judge them for each connection.
 */
export class NameLookups {
  readonly #resolver: NameResolver;
  readonly #clock: Clock;
  readonly #known: LRUCache<string, Promise<Addresses>>;
  readonly #underway = new Map<string, Promise<Addresses>>();
  /** The number of running look-ups per share. */
  readonly #held = new Map<string, number>();
  readonly #waiting = new Map<string, Set<Ask>>();

  constructor({ resolver, clock }: NameLookupsOptions) {
    this.#resolver = resolver;
    this.#clock = clock;
    this.#known = new LRUCache({ max: MAX_ANSWERS, ...cacheClock(clock) });
  }

  /** The number of cached answers, expired ones included. */
  get keptAnswers(): number {
    return this.#known.size;
  }

  /** @throws LookupError, the resolver's error, or the signal's reason */
  async lookup(hostname: string, { share, signal = new AbortController().signal }: Asker): Promise<Addresses> {
    signal.throwIfAborted();
    const name = asciiName(hostname);
    if (isIP(name) !== 0) return [{ address: name, family: isIP(name) }];
    const ask: Ask = { name, share, answer: Promise.withResolvers() };
    const { promise } = ask.answer;
    return this.#serve(ask) ? abortable(promise, signal) : this.#wait(ask, signal);
  }

  async #wait(ask: Ask, signal: AbortSignal): Promise<Addresses> {
    const asks = this.#waiting.get(ask.share) ?? new Set();
    this.#waiting.set(ask.share, asks.add(ask));
    const ended = new AbortController();
    this.#clock.sleep(TIMEOUT_MS, ended.signal).then(
      () => {
        ask.answer.reject(new LookupError('ETIMEOUT', ask.name));
      },
      () => undefined,
    );
    try {
      return await abortable(ask.answer.promise, signal);
    } finally {
      ended.abort();
      asks.delete(ask);
      if (asks.size === 0 && this.#waiting.get(ask.share) === asks) this.#waiting.delete(ask.share);
    }
  }

  /** @returns whether an answer is there or on its way */
  #serve(ask: Ask): boolean {
    const answer = this.#known.get(ask.name) ?? this.#underway.get(ask.name) ?? this.#begin(ask);
    answer?.then(ask.answer.resolve, ask.answer.reject);
    return answer !== undefined;
  }

  /** Begins a look-up where the share has room. It holds its place until it has really ended. */
  #begin({ name, share }: Ask): Promise<Addresses> | undefined {
    if (!this.#hasRoom(share)) return undefined;
    this.#held.set(share, (this.#held.get(share) ?? 0) + 1);
    const late = new LookupError('ETIMEOUT', name);
    const abort = new AbortController();
    const ended = new AbortController();
    const resolved = this.#resolver.resolve(name, abort.signal);
    const expired = this.#clock.sleep(TIMEOUT_MS, ended.signal).then(() => {
      abort.abort(late);
      throw late;
    });
    const answer = Promise.race([resolved.then(few), expired]);
    this.#underway.set(name, answer);
    const end = (kept: Promise<Addresses>, ageMs: number): void => {
      ended.abort();
      this.#underway.delete(name);
      if (ageMs > 1) this.#known.set(name, kept, { ttl: ttlBelow(ageMs) });
      this.#leave(share);
    };
    resolved.then(
      (found) => {
        end(Promise.resolve(few(found)), Math.min(found.ttlSeconds * 1000, MAX_AGE_MS));
      },
      (error: unknown) => {
        const failure = Promise.reject<Addresses>(abort.signal.aborted || !(error instanceof Error) ? late : error);
        failure.catch(() => undefined);
        end(failure, FAILURE_AGE_MS);
      },
    );
    return answer;
  }

  #hasRoom(share: string): boolean {
    const held = this.#held.get(share) ?? 0;
    return held === 0 || held < PLACES - this.#underway.size;
  }

  #leave(share: string): void {
    const held = (this.#held.get(share) ?? 0) - 1;
    if (held > 0) this.#held.set(share, held);
    else this.#held.delete(share);
    this.#admit();
  }

  /** Serves one of each share in turn, for as long as there is room. */
  #admit(): void {
    for (const [share, asks] of this.#waiting) {
      const [first] = asks;
      if (first === undefined || !this.#serve(first)) continue;
      asks.delete(first);
      // It comes after the others, and the loop comes back to it.
      this.#waiting.delete(share);
      if (asks.size > 0) this.#waiting.set(share, asks);
    }
  }
}

function few({ addresses }: ResolvedName): Addresses {
  return addresses.slice(0, MAX_ADDRESSES);
}

/**
 * The form for name servers: lower case, other alphabets in punycode. An odd spelling of an IPv4 address becomes that address.
 *
 * @throws LookupError
 */
export function asciiName(hostname: string): string {
  const ascii = /^[^\s/:?#@[\]\\]+$/.test(hostname) ? domainToASCII(hostname) : '';
  if (ascii === '') throw new LookupError('ENOTFOUND', hostname);
  return ascii;
}
