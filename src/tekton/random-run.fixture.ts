// SPDX-License-Identifier: Apache-2.0
/** Random runs for property tests: everything that the Go types accept and, on request, values that they refuse. */
import type { RunKind } from '../api/v1alpha1/kinds.ts';
import { goTypes } from './go/go-types.generated.ts';

const texts = ['', 'a', 'b<c>&', '\u2028x', 'é😀', '\u0001', '$(tasks.a.results.b)', '"q"\\', '\u007f\u0085', '\ud800'];
const keys = ['cpu', 'b', 'a', '__proto__', 'constructor', '10', '9', 'é', '😀', '\uffee'];
const hex = (length: number): string => '3'.repeat(length);
const digests = [`sha256:${hex(64)}`, `SHA256:${hex(64)}`, `sha1:${hex(40)}`, 'sha256:abc', `sha256:${hex(64)}\n`, ''];
const uris = ['reg.example/app', 'busybox:1', 'https://git.example/a', 'pkg:npm/a', 'reg.example/App', ''];
const resultNames = [
  'IMAGE_URL',
  'IMAGE_DIGEST',
  'IMAGES',
  'aIMAGE_URL',
  'aIMAGE_DIGEST',
  'aARTIFACT_URI',
  'aARTIFACT_DIGEST',
  'aARTIFACT_INPUTS',
  'aARTIFACT_OUTPUTS',
  'CHAINS-GIT_URL',
  'CHAINS-GIT_COMMIT',
  '__proto__',
  'other',
];
const times = [
  '2025-03-01T10:00:00Z',
  '2025-03-01T12:00:00+02:00',
  '2025-03-01T12:00:00.5Z',
  '2025-02-30T00:00:00Z',
  '0001-01-01T00:00:00Z',
  '2025-03-01',
  '2025-03-01T24:00:00Z',
  '2025-03-01T12:00:00.123456789-07:30',
  '9999-12-31T23:59:59-01:00',
  '2025-03-01T1:00:00Z',
];
const numbers = ['0', '1', '5', '007', '1.5', '0.5', '.5', '5.', '1.500', '1000', '1024', '2048', '999999999999999999'];
const largeNumbers = [
  '9223372036854775808',
  '12345678901234567890123',
  '0.000000001',
  '0.1234567891',
  '-1.5',
  '+3',
  '1536',
];
const suffixes = ['', 'n', 'u', 'm', 'k', 'M', 'G', 'T', 'P', 'E', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const exponents = ['e3', 'E3', 'e-3', 'e9', 'E-9', 'e10', 'e-10', 'e1', 'K', 'x', ' ', 'e', 'E20'];
const amounts = ['1', '0', '60', '90', '1.5', '.5', '5.', '1500', '0.000000001', '2562047', '0.33333333333333333333'];
const units = ['h', 'm', 's', 'ms', 'us', 'µs', 'ns', 'd', ''];

export interface RandomRunOptions {
  readonly seed: number;
  /** The probability of a value of a wrong shape, 0 to 1. */
  readonly hostility?: number;
}

export class RandomRun {
  #state: number;
  readonly #hostility: number;

  constructor({ seed, hostility = 0 }: RandomRunOptions) {
    this.#state = seed >>> 0;
    this.#hostility = hostility;
  }

  /** A run as an API server might store it, kind and apiVersion included. */
  run(kind: RunKind): Readonly<Record<string, unknown>> {
    const run = this.#object(`tekton.${kind}`, 0);
    return { ...run, apiVersion: 'tekton.dev/v1', kind };
  }

  quantity(): string {
    return this.#pick([...numbers, ...largeNumbers]) + this.#pick([...suffixes, ...exponents]);
  }

  duration(): string {
    const parts = Array.from({ length: 1 + this.below(3) }, () => this.#pick(amounts) + this.#pick(units));
    return this.#pick(['', '-', '+', '']) + parts.join('');
  }

  time(): string {
    return this.#pick(times);
  }

  /** A random integer, at least 0 and below `limit`. */
  below(limit: number): number {
    return Math.floor(this.#next() * limit);
  }

  #value(type: string, depth: number): unknown {
    if (this.#next() < 0.04) return null;
    if (this.#next() < this.#hostility) return this.#anything(2);
    if (type.startsWith('*')) return this.#value(type.slice(1), depth);
    if (type.startsWith('[]')) return this.#list(depth, () => this.#value(type.slice(2), depth + 1));
    if (type.startsWith('map:')) {
      const entries = this.#list(0, () => [this.#pick(keys), this.#value(type.slice(4), depth + 1)] as const);
      return Object.fromEntries(entries);
    }
    return this.#scalar(type) ?? this.#object(type, depth);
  }

  #scalar(type: string): unknown {
    switch (type) {
      case 'string':
        return this.#pick(texts);
      case 'bool':
        return this.#next() < 0.5;
      case 'int64':
        return this.#pick([0, 1, -1, 1000, Number.MAX_SAFE_INTEGER]);
      case 'int32':
        return this.#pick([0, 1, -1, 2 ** 31 - 1, -(2 ** 31)]);
      case 'Time':
        return this.#hostility > 0 ? this.time() : this.#pick(times.slice(0, 3));
      case 'Duration':
        return this.#hostility > 0 ? this.duration() : this.#pick(['60m', '90s', '0', '1.5h']);
      case 'Quantity':
        return this.#hostility > 0 ? this.quantity() : this.#pick(['1', 1, 1.5, '1024Mi', '0.5', '0', '1e3', '0.1Gi']);
      case 'IntOrString':
        return this.#pick([0, 80, 'http', '', '80']);
      case 'ParamValue':
        return this.#paramValue();
      case 'Raw':
        return this.#anything(0) ?? 0;
      default:
        return undefined;
    }
  }

  #paramValue(): unknown {
    const artifact = {
      uri: this.#pick(uris),
      digest: this.#pick(digests),
      isBuildArtifact: this.#pick(['true', 'True']),
    };
    const image = `${this.#pick(uris)}@${this.#pick(digests)}`;
    const shaped = [['a', 'b'], [], {}, { b: 'x', a: 'y' }, ['a', null], 5, true, 1.5];
    return this.#pick<unknown>([this.#pick(texts), this.#pick(uris), this.#pick(digests), image, artifact, ...shaped]);
  }

  #object(type: string, depth: number): Record<string, unknown> {
    const likelihood = depth > 5 ? 0.15 : 0.5;
    const isNamed = type.endsWith('Result') || type === 'tekton.Param';
    const members = (goTypes[type] ?? []).flatMap(([name, member]): [string, unknown][] => {
      if (member !== 'ParamValue' && this.#next() >= likelihood) return [];
      if (isNamed && name === 'name') return [[name, this.#pick(resultNames)]];
      if (name === 'imageID') return [[name, `docker-pullable://${this.#pick(uris)}@${this.#pick(digests)}`]];
      return [[name, this.#value(member, depth + 1)]];
    });
    if (this.#next() < 0.1) members.push(['unknownField', this.#anything(2)]);
    return Object.fromEntries(members);
  }

  #anything(depth: number): unknown {
    const chance = this.#next();
    if (depth > 3 || chance < 0.5) return this.#pick<unknown>([null, true, 0, -5, 1.5, 1e21, '', 'x', '<']);
    if (chance < 0.75) return this.#list(0, () => this.#anything(depth + 1));
    return Object.fromEntries(this.#list(0, () => [this.#pick(keys), this.#anything(depth + 1)] as const));
  }

  #list<T>(depth: number, make: () => T): readonly T[] {
    return Array.from({ length: depth > 7 ? 0 : this.below(3) }, make);
  }

  #pick<T>(choices: readonly [T, ...T[]] | readonly T[]): T {
    const choice = choices[this.below(choices.length)];
    if (choice === undefined) throw new RangeError('no choices');
    return choice;
  }

  /** Mulberry32: small, and identical on every platform. */
  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}
