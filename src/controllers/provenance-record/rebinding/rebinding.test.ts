// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BackendRef, StorageEntry } from '../../../api/v1alpha1/provenance-record/schema.ts';
import { Pipelines } from '../../../pipelines/pipelines.ts';
import { readBackend } from '../../../pipelines/read-backend.ts';
import { readPolicy } from '../../../pipelines/read-policy.ts';
import { backendFacts } from '../storing/backend-facts.ts';
import { readRecord } from '../../../records/read-record.ts';
import { rebinding, type Rebinding, type RunLabels } from './rebinding.ts';
import { SEAL_KEY, storedEntry, storedRecord, storedRecordKey } from '../../../records/stored-record.fixture.ts';

const OPERATOR = 'hallmark-system';
const apiVersion = 'hallmark.dev/v1alpha1';

function metadata(name: string): object {
  const times = { generation: 1, creationTimestamp: '2025-01-01T00:00:00Z' };
  return { namespace: 'team-a', name, uid: `uid-of-${name}`, resourceVersion: '1', ...times };
}

interface Given {
  /** The bound backends; those written with `?` never existed. */
  readonly bound: readonly string[];
  /** Their storage entries in the status. */
  readonly storage?: readonly StorageEntry[];
  readonly reason?: 'BackendNotFound' | 'NoSubjects' | 'KeyNotFound' | 'Stored';
  /** The backends that the policy names now; none names all in reach. */
  readonly named?: readonly string[];
  /** The backends that exist now, with fields of their specs. */
  readonly backends?: Readonly<Record<string, object>>;
  readonly labels?: RunLabels;
}

function refOf(text: string): BackendRef {
  const name = text.replace('?', '');
  return { kind: 'StorageBackend', name, ...(text === name ? { uid: `uid-of-${name}` } : {}) };
}

function decided(given: Given): Rebinding {
  const { bound, storage = [], reason = 'BackendNotFound', named = [], backends = {}, labels = 'Unread' } = given;
  const pipelines = new Pipelines(OPERATOR);
  for (const [name, spec] of Object.entries(backends)) {
    const read = readBackend(
      { apiVersion, kind: 'StorageBackend', metadata: metadata(name), spec: { type: 'Tekton', ...spec } },
      OPERATOR,
    );
    assert.ok(read.ok, read.ok ? '' : read.message);
    pipelines.setBackend(read.backend);
  }
  const signer = { type: 'Key', key: { secretRef: { name: 'k' } } };
  const backendRefs = named.map((name) => ({ kind: 'StorageBackend', name }));
  const policy = readPolicy(
    { apiVersion, kind: 'SigningPolicy', metadata: metadata('builds'), spec: { signer, backendRefs } },
    OPERATOR,
  );
  assert.ok(policy !== undefined);
  pipelines.setPolicy(policy);
  const object = storedRecord({ spec: { backendRefs: bound.map(refOf) }, storage, reason });
  const record = readRecord(object, SEAL_KEY);
  assert.ok(record?.isTrusted === true, storedRecordKey());
  const pipeline = pipelines.pipeline('team-a', policy);
  assert.ok(pipeline !== undefined);
  const refs = (record.object.spec.backendRefs ?? []).map((ref) => ({
    ref,
    backend: pipelines.promisedBackend(record.policy, 'team-a', ref),
  }));
  return rebinding({ record, pipeline, bound: refs }, labels);
}

function namesOf(found: Rebinding): Rebinding | readonly string[] {
  if (found === undefined || found === 'Unread') return found;
  return found.map(({ name, uid }) => (uid === undefined ? `${name}?` : name));
}

describe('rebinding', () => {
  const rows: readonly (readonly [string, Given, readonly string[] | 'Unread' | undefined])[] = [
    [
      'replaces a mistyped backend with the one that the policy names now',
      { bound: ['registy?'], named: ['registry'], backends: { registry: {} } },
      ['registry'],
    ],
    [
      'waits for a mistyped backend that the policy still names',
      { bound: ['registy?'], named: ['registy'], backends: { registry: {} } },
      undefined,
    ],
    [
      'drops a mistyped backend when the policy names none any more',
      { bound: ['registy?'], backends: { registry: {} } },
      ['registry'],
    ],
    [
      'drops it and keeps a backend that holds the evidence',
      { bound: ['tekton', 'registy?'], storage: [storedEntry('tekton')], named: ['tekton'], backends: { tekton: {} } },
      ['tekton'],
    ],
    [
      'replaces one mistyped name with another, which it waits for',
      { bound: ['registy?'], named: ['regstry'], backends: {} },
      ['regstry?'],
    ],
    [
      'waits for a deleted backend that may be created again',
      { bound: ['tekton', 'old'], backends: { tekton: {}, other: {} } },
      undefined,
    ],
    [
      'drops a deleted backend when the policy names others',
      { bound: ['old'], named: ['registry'], backends: { registry: {} } },
      ['registry'],
    ],
    [
      'keeps a deleted backend that holds the evidence',
      { bound: ['old', 'registy?'], storage: [storedEntry('old')], named: ['registry'], backends: { registry: {} } },
      ['old', 'registry'],
    ],
    [
      'keeps the binding of a record whose backends exist',
      { bound: ['tekton'], reason: 'Stored', storage: [storedEntry('tekton')], backends: { tekton: {}, later: {} } },
      undefined,
    ],
    [
      'adds a new backend where no backend has a place for the evidence',
      { bound: ['registry'], reason: 'NoSubjects', backends: { registry: {}, tekton: {} } },
      ['registry', 'tekton'],
    ],
    [
      'adds no backend that takes nothing of it',
      {
        bound: ['registry'],
        reason: 'NoSubjects',
        backends: { registry: {}, images: { artifacts: ['ImageSignature'] } },
      },
      undefined,
    ],
    [
      'keeps the binding of a record that waits for something else',
      { bound: ['registy?'], reason: 'KeyNotFound', named: ['registry'], backends: { registry: {} } },
      undefined,
    ],
    [
      "asks for the run's labels where a backend selects by them",
      {
        bound: ['registy?'],
        named: ['registry'],
        backends: { registry: { selector: { matchLabels: { app: 'bread' } } } },
      },
      'Unread',
    ],
    [
      'binds to a backend that selects the run',
      {
        bound: ['registy?'],
        labels: { app: 'bread' },
        named: ['registry'],
        backends: { registry: { selector: { matchLabels: { app: 'bread' } } } },
      },
      ['registry'],
    ],
    [
      'keeps a mistyped backend where no other selects the run, so that the record reports it',
      {
        bound: ['registy?'],
        labels: { app: 'rolls' },
        named: ['registry'],
        backends: { registry: { selector: { matchLabels: { app: 'bread' } } } },
      },
      undefined,
    ],
  ];
  for (const [title, given, expected] of rows) {
    it(title, () => {
      assert.deepEqual(namesOf(decided(given)), expected);
    });
  }

  it('waits until the status reports what is missing, as the API server requires', () => {
    const given: Given = {
      bound: ['registy?'],
      reason: 'KeyNotFound',
      named: ['registry'],
      backends: { registry: {} },
    };
    assert.equal(decided(given), undefined);
    const entry: StorageEntry = {
      backendRef: { kind: 'StorageBackend', name: 'registy' },
      state: 'Pending',
      reason: 'BackendNotFound',
    };
    assert.deepEqual(namesOf(decided({ ...given, storage: [entry] })), ['registry']);
  });

  it('binds to no more backends than a record has room for', () => {
    const backends = Object.fromEntries(Array.from({ length: 129 }, (_, index) => [`b-${index}`, {}]));
    assert.equal(decided({ bound: ['registy?'], backends }), undefined);
  });

  it('follows the remedy in the message about a missing backend', () => {
    const record = readRecord(storedRecord({ storage: [] }), SEAL_KEY);
    assert.ok(record?.isTrusted === true);
    const ref = refOf('registy?');
    const facts = backendFacts({
      record,
      policy: undefined,
      signer: undefined,
      unsigned: undefined,
      backends: [{ ref, backend: undefined, isDue: true }],
      bindable: undefined,
      hasRun: true,
      maxRetentionSeconds: 0,
      now: new Date(),
    });
    assert.match(facts?.[0]?.problem?.message ?? '', /name others in spec\.backendRefs of the policy/);
  });
});
