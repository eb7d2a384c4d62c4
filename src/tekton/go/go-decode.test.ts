// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { field } from '../../json/fields.ts';
import { goJson, structJson } from './encode-json.ts';
import { goDecode } from './go-decode.ts';
import { PayloadError } from '../payload-error.ts';
import { parsePreciseJson } from '../../json/precise-json.ts';

const vectors = readFileSync(new URL('../../../testdata/golden/go-roundtrip.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line): unknown => JSON.parse(line));

function rewritten(type: string, value: unknown): string {
  return goJson(goDecode(type, value, type));
}

/** The one deliberate difference: blanks in the text of a value that is not a string, a list or an object of strings. */
function withoutBlanks(json: string): string {
  return json.replace(/([,:]) /g, '$1');
}

describe('decoding equals the Go types', () => {
  for (const [index, vector] of vectors.entries()) {
    const type = String(field(vector, 'type'));
    const value = field(vector, 'json');
    const output = field(vector, 'output');
    it(`${type} ${index}${typeof value === 'string' ? ` ${JSON.stringify(value)}` : ''}`, () => {
      if (typeof output !== 'string') assert.throws(() => rewritten(type, value), PayloadError);
      else assert.equal(withoutBlanks(rewritten(type, value)), withoutBlanks(output));
    });
  }

  it('has vectors of every outcome', () => {
    const outcomes = ['output', 'refused', 'untyped'].map((name) =>
      vectors.filter((v) => field(v, name) !== undefined),
    );
    assert.ok(outcomes.every(({ length }) => length > 0));
  });
});

describe('decoding', () => {
  it('names the path of a refused value', () => {
    const run = { spec: { taskSpec: { steps: [{}, { image: 5 }] } } };
    assert.throws(() => goDecode('tekton.TaskRun', run, 'TaskRun'), {
      message: 'TaskRun.spec.taskSpec.steps.1.image must be a string',
    });
  });

  it('refuses nesting beyond its bound at any path', () => {
    let pipelineSpec: unknown = {};
    let list: unknown = [];
    for (let depth = 0; depth < 5000; depth++) {
      pipelineSpec = { tasks: [{ name: 't', pipelineSpec }] };
      list = [list];
    }
    for (const spec of [{ pipelineSpec }, { params: [{ name: 'p', value: list }] }]) {
      assert.throws(() => goDecode('tekton.PipelineRun', { spec }, 'PipelineRun'), PayloadError);
    }
    const raw = { spec: { pipelineSpec: { tasks: [{ taskSpec: { spec: list } }] } } };
    assert.throws(() => goDecode('tekton.PipelineRun', raw, 'PipelineRun'), PayloadError);
  });

  it('keeps 64-bit integers in Go JSON and makes them doubles in a struct, as the reference does', () => {
    const run = parsePreciseJson('{"metadata":{"generation":9007199254740993},"spec":{"retries":9223372036854775807}}');
    const node = goDecode('tekton.TaskRun', run, 'TaskRun');
    assert.match(goJson(node), /"generation":9007199254740993/);
    assert.match(goJson(node), /"retries":9223372036854775807/);
    assert.match(structJson(node), /"generation":9007199254740992/);
    assert.match(structJson(node), /"retries":9223372036854776000/);
    const beyond = parsePreciseJson('{"spec":{"retries":9223372036854775808}}');
    assert.throws(() => goDecode('tekton.TaskRun', beyond, 'TaskRun'), PayloadError);
  });

  it('refuses more values than an honest run holds, wherever they are', () => {
    const many = <T>(value: T): readonly T[] => Array.from({ length: 100_001 }, () => value);
    const keys = Object.fromEntries(many('').map((value, index) => [`k${index}`, value]));
    const specs = [
      { params: many({}) },
      { params: [{ name: 'p', value: many('') }] },
      { params: [{ name: 'p', value: keys }] },
      { pipelineSpec: { tasks: [{ taskSpec: { steps: [{ args: many('') }] } }] } },
      { pipelineSpec: { tasks: [{ taskSpec: { spec: many(0) } }] } },
      { pipelineSpec: { tasks: [{ taskSpec: { spec: keys } }] } },
      { taskRunTemplate: { podTemplate: { nodeSelector: keys } } },
      // Fewer, of which each has fields that are never left out.
      { pipelineSpec: { tasks: [{ taskSpec: { steps: many({}).slice(0, 40_000) } }] } },
    ];
    for (const spec of specs)
      assert.throws(() => goDecode('tekton.PipelineRun', { spec }, 'PipelineRun'), { reason: 'PayloadTooLarge' });
    const fits = { params: [{ name: 'p', value: many('').slice(0, 90_000) }] };
    assert.ok(goDecode('tekton.PipelineRun', { spec: fits }, 'PipelineRun'));
  });

  it('keeps keys that JavaScript treats specially', () => {
    const labels: unknown = JSON.parse('{"__proto__":"p","10":"x","9":"y","constructor":"c"}');
    const node = goDecode('tekton.TaskRun', { metadata: { labels } }, 'TaskRun');
    assert.match(structJson(node), /"labels":\{"10":"x","9":"y","__proto__":"p","constructor":"c"\}/);
  });
});
