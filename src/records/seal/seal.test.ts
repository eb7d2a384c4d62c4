// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SecretValue } from '../../runtime/secret-value.ts';
import { canonicalJson } from '../../json/canonical-json.ts';
import { sealMatches, sealRecord, sealStatus, statusSealMatches } from './seal.ts';

const key = new SecretValue('0123456789abcdef0123456789abcdef');

const spec = {
  runRef: { apiVersion: 'tekton.dev/v1', kind: 'TaskRun', name: 'bake', uid: 'u-1' },
  policyRef: { kind: 'SigningPolicy', name: 'all' },
  outcome: 'Succeeded',
  backendRefs: [
    { kind: 'StorageBackend', name: 'registry' },
    { kind: 'StorageBackend', name: 'tekton' },
  ],
};
const evidence = {
  artifacts: [
    { name: 'attestation', payload: 'cA==', subjectCount: 1, policyGeneration: 2, signature: 's', warnings: ['w'] },
    { name: 'image-1', payload: 'cQ==', subjectCount: 0, policyGeneration: 2 },
  ],
};
const record = { key, namespace: 'team-a', name: 'bake-1', spec, evidence };
const status = {
  key,
  namespace: 'team-a',
  name: 'bake-1',
  uid: 'r-1',
  storage: [
    { backendRef: { kind: 'StorageBackend', name: 'registry' }, state: 'Stored', locations: [{ uri: 'oci://x' }] },
  ],
};

type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** The same value with the fields of every object in reverse order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, field]) => [name, reversed(field)]),
  );
}

/** Every value that differs from this one in exactly one place: a leaf changed, a field or an item gone, one more added. */
function tampered(value: unknown): unknown[] {
  if (Array.isArray(value)) {
    const items: unknown[] = value;
    return [
      [...items, 'more'],
      ...items.map((_, index) => items.toSpliced(index, 1)),
      ...items.flatMap((item, index) => tampered(item).map((other) => items.with(index, other))),
      ...(items.length > 1 ? [items.toReversed()] : []),
    ];
  }
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value);
    return [
      { ...value, more: 'more' },
      ...fields.map(([name]) => Object.fromEntries(fields.filter(([other]) => other !== name))),
      ...fields.flatMap(([name, field]) => tampered(field).map((other) => ({ ...value, [name]: other }))),
    ];
  }
  return [typeof value === 'number' ? value + 1 : `${String(value)}x`];
}

function objects(values: unknown[]): object[] {
  return values.filter((value) => typeof value === 'object' && value !== null);
}

describe('the seal of a record', () => {
  it('does not depend on the order of fields, which an API server may change', () => {
    const [spec2, evidence2] = objects([reversed(spec), reversed(evidence)]);
    assert.ok(spec2 && evidence2);
    assert.equal(sealRecord({ ...record, spec: spec2, evidence: evidence2 }), sealRecord(record));
  });

  it('is of a text that is written at once where an API server ordered the fields', (context) => {
    const ordered = {
      ...record,
      evidence: { artifacts: [{ name: 'image-1', payload: 'cQ==' }] },
      spec: { outcome: 'Succeeded', runRef: { kind: 'TaskRun' } },
    };
    const written = context.mock.method(JSON, 'stringify');
    sealRecord(ordered);
    sealStatus({ ...status, storage: [{ backendRef: { kind: 'StorageBackend' }, state: 'Stored' }] });
    assert.equal(written.mock.callCount(), 2);
  });

  it('matches the evidence with the seal in it', () => {
    const seal = sealRecord(record);
    assert.ok(sealMatches({ ...record, evidence: { ...evidence, seal } }, seal));
  });

  it('fails when anything in spec or evidence is changed, added, removed or reordered', () => {
    const seal = sealRecord(record);
    const specs = objects(tampered(spec));
    const evidences = objects(tampered(evidence));
    assert.ok(specs.length > 20 && evidences.length > 20);
    for (const other of specs) assert.ok(!sealMatches({ ...record, spec: other }, seal), JSON.stringify(other));
    for (const other of evidences) assert.ok(!sealMatches({ ...record, evidence: other }, seal), JSON.stringify(other));
  });

  it('fails under another name, namespace or key, and for anything that is not a seal', () => {
    const seal = sealRecord(record);
    assert.ok(!sealMatches({ ...record, name: 'bake-2' }, seal));
    assert.ok(!sealMatches({ ...record, namespace: 'team-b' }, seal));
    assert.ok(!sealMatches({ ...record, key: new SecretValue('other') }, seal));
    for (const none of [undefined, null, '', seal.slice(1), `${seal}=`, 7, [seal]])
      assert.ok(!sealMatches(record, none));
  });
});

describe('the seal of a status', () => {
  it('matches its own record alone', () => {
    const seal = sealStatus(status);
    assert.ok(statusSealMatches(status, seal));
    assert.ok(!statusSealMatches({ ...status, uid: 'r-2' }, seal));
    assert.ok(!statusSealMatches({ ...status, name: 'bake-2' }, seal));
    assert.ok(!statusSealMatches({ ...status, namespace: 'team-b' }, seal));
  });

  it('fails when any storage entry is changed', () => {
    const seal = sealStatus(status);
    for (const storage of tampered(status.storage)) {
      assert.ok(Array.isArray(storage));
      const entries: object[] = storage.map((entry: unknown) =>
        typeof entry === 'object' && entry !== null ? entry : { entry },
      );
      assert.ok(!statusSealMatches({ ...status, storage: entries }, seal), JSON.stringify(storage));
    }
  });

  it('never passes for the seal of a record', () => {
    const same = { key, namespace: 'n', name: 'm', uid: 'u', storage: [], spec: {}, evidence: {} };
    assert.notEqual(sealStatus(same), sealRecord(same));
  });
});

describe('canonicalJson', () => {
  it('sorts keys by UTF-16 code units and keeps lists', () => {
    const value: Json = { b: [3, 1], a: { '\u{1F600}': 1, '\uFB33': 2 }, A: 'é"\n' };
    assert.equal(canonicalJson(value), '{"A":"é\\"\\n","a":{"\u{1F600}":1,"\uFB33":2},"b":[3,1]}');
  });

  it('counts an undefined field as absent', () => {
    assert.equal(canonicalJson({ a: undefined, b: 1 }), canonicalJson({ b: 1 }));
  });

  it('rejects values that JSON cannot hold', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, () => 1]) {
      assert.throws(() => canonicalJson({ value }), TypeError);
    }
  });
});
