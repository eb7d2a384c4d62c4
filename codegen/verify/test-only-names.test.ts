// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { testOnlyNames } from './test-only-names.ts';

const source = `
import { Agent } from 'undici';
export interface CallOptions { readonly signal: string; readonly force?: boolean; readonly limit?: number }
export class Client {
  get size(): number { return 1; }
  #own(): void {}
  call(): void { this.#own(); }
  apply(): void {}
  toJSON(): void {}
}
class Guarded extends Agent { dispatch(): void {} }
export function unused(): void {}
export function called(): void {}
`;
const use = `
import { called, Client } from './client.ts';
called();
const { size } = new Client();
new Client().call({ limit: size, signal: 'apply' });
`;

const faults = (allowed: readonly string[] = []): readonly string[] =>
  testOnlyNames(
    new Map([
      ['src/client.ts', source],
      ['bench/use.ts', use],
    ]),
    new Set(allowed),
  );

describe('names that only tests use', () => {
  it('are class members, exported functions and options that nothing else uses', () => {
    assert.deepEqual(faults(), [
      'src/client.ts:3: only tests use the option "force"; remove it',
      'src/client.ts:8: only tests use the class member "apply"; remove it',
      'src/client.ts:12: only tests use the exported function "unused"; remove it',
    ]);
  });

  it('may be allowed for as long as only tests use them', () => {
    assert.deepEqual(faults(['force', 'apply', 'unused']), []);
    assert.deepEqual(faults(['force', 'apply', 'unused', 'call']), ['"call" need not be allowed any more']);
  });
});
