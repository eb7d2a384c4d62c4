// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SeededRandom } from '../runtime/seeded-random.fixture.ts';
import { canonicalJson } from './canonical-json.ts';

const NAMES = ['a', 'b', 'aa', 'Z', '', 'é', '\u{1f600}', '\ufb33', '__proto__', '10', '9'];

/** A value, and its canonical text, put together field by field. */
interface Sample {
  readonly value: unknown;
  readonly text: string;
}

function sample(random: SeededRandom, depth: number): Sample {
  const kind = random.between(0, depth === 0 ? 3 : 5);
  if (kind === 0) return { value: null, text: 'null' };
  if (kind === 1) return { value: 2n ** 60n, text: '1152921504606846976' };
  if (kind === 2) return { value: 'a"\u2028', text: '"a\\"\u2028"' };
  if (kind === 3) return { value: -0.5e21, text: '-500000000000000000000' };
  const parts = Array.from({ length: random.between(0, 4) }, () => sample(random, depth - 1));
  if (kind === 4) return { value: parts.map(({ value }) => value), text: `[${parts.map(({ text }) => text).join()}]` };
  const fields = new Map(parts.map((part) => [random.pick(NAMES), part]));
  const sorted = [...fields].sort(([one], [other]) => (one < other ? -1 : 1));
  const asGiven = [...(random.chance(0.5) ? sorted : fields)].map(([name, { value }]) => [name, value]);
  return {
    value: Object.fromEntries(random.chance(0.2) ? [...asGiven, ['u', undefined]] : asGiven),
    text: `{${sorted.map(([name, { text }]) => `${JSON.stringify(name)}:${text}`).join()}}`,
  };
}

describe('canonicalJson', () => {
  it('sorts the fields of each object, in whatever order they are, at any depth', () => {
    const random = new SeededRandom(13);
    for (let index = 0; index < 2000; index += 1) {
      const { value, text } = sample(random, 4);
      assert.equal(canonicalJson(value), text);
    }
  });

  it('takes an item that is undefined for null, as JSON does', () => {
    assert.equal(canonicalJson({ b: [undefined, 1n], a: [undefined] }), '{"a":[null],"b":[null,1]}');
  });

  it('refuses what JSON cannot hold, wherever it is', () => {
    for (const value of [undefined, NaN, Infinity, Symbol('s'), () => 1]) {
      assert.throws(() => canonicalJson(value), TypeError);
      if (value !== undefined) assert.throws(() => canonicalJson({ a: [{ b: value }] }), TypeError);
    }
  });

  it('takes time that grows with the value, however it is nested', () => {
    let value: unknown = 1n;
    for (let depth = 0; depth < 1000; depth += 1) value = { b: value, a: depth };
    let asked = 0;
    const counted = new Proxy({ b: value, a: 1 }, { ownKeys: (of) => ((asked += 1), Reflect.ownKeys(of)) });
    canonicalJson([{ b: counted, a: 1 }]);
    assert.ok(asked <= 3, `asked ${asked} times for the names of one object`);
  });
});
