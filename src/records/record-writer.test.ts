// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { ProvenanceRecordSpec } from '../api/v1alpha1/provenance-record/schema.ts';
import { field } from '../json/fields.ts';
import { KubeError } from '../kube/kube-error.ts';
import { ModelApi, unreachable } from '../kube/model-api.fixture.ts';
import { ManualClock } from '../runtime/manual-clock.fixture.ts';
import { evidenceFixture } from '../evidence/artifact.fixture.ts';
import { digestLabels } from './digest-labels.ts';
import type { TrustedRecord } from './read-record.ts';
import { recordName } from './record-name.ts';
import { recordStatus } from './status/record-status.ts';
import type { RecordSummary } from './record-summary.ts';
import { RecordWriter } from './record-writer.ts';
import { SEAL_KEY } from './stored-record.fixture.ts';

const { signal } = new AbortController();
const runRef = { apiVersion: 'tekton.dev/v1', kind: 'TaskRun', name: 'bake', uid: 'u' } as const;
const NAME = {
  namespace: 'team-a',
  name: recordName(runRef, { kind: 'SigningPolicy', namespace: 'team-a', name: 'builds' }),
};
const KEY = `${NAME.namespace}/${NAME.name}`;
const spec: ProvenanceRecordSpec = {
  runRef,
  policyRef: { kind: 'SigningPolicy', name: 'builds' },
  outcome: 'Succeeded',
  completionTime: '2026-01-01T00:00:00Z',
  mode: 'Enforce',
  serviceAccountName: 'default',
};
const problem = { reason: 'ChildMissing', message: 'a child is gone' } as const;
const parts = { spec, evidence: { problem } };
const bound = { spec: { ...spec, backendRefs: [{ kind: 'StorageBackend', name: 'a' } as const] }, evidence: {} };

describe('RecordWriter', () => {
  let api: ModelApi;
  let index: Map<string, RecordSummary>;
  let log: string[];
  let isHolder: boolean;
  let writer: RecordWriter;
  beforeEach(() => {
    api = new ModelApi(new ManualClock());
    index = new Map();
    log = [];
    isHolder = true;
    writer = new RecordWriter({
      client: api.client,
      sealKey: SEAL_KEY,
      fence: () => {
        if (!isHolder) throw new Error('not the holder');
      },
      index: {
        get: (key) => index.get(key),
        set: (record) => index.set(record.key, record),
        setWritten: (record) => index.set(record.key, record),
      },
      ownWrites: {
        certain: (_key, write) =>
          write.catch((error: unknown) => {
            log.push('uncertain');
            throw error;
          }),
        wrote: (_key, { object }) => log.push(`wrote ${object.metadata.resourceVersion}`),
        forget: () => log.push('delivered'),
      },
      failingSeals: { storedOtherwise: (key) => log.push(`stored otherwise: ${key}`) },
    });
  });

  async function created(): Promise<TrustedRecord> {
    const creation = await writer.create(NAME, parts, signal);
    assert.ok(creation.state === 'Created');
    log.length = 0;
    return creation.record;
  }

  const stored = (): unknown => api.objects('provenancerecords')[0];

  it('remembers what it creates until the watch delivers it', async () => {
    const creation = await writer.create(NAME, parts, signal);
    assert.equal(creation.state, 'Created');
    assert.deepEqual([log, index.get(KEY)?.resourceVersion], [['wrote 1'], '1']);
  });

  it('labels a record with the digests of its artifacts, as soon as it has some', async () => {
    const labels = (): unknown => field(field(stored(), 'metadata'), 'labels');
    const managed = { 'app.kubernetes.io/managed-by': 'hallmark' };
    const record = await created();
    assert.deepEqual(labels(), managed);
    const artifact = evidenceFixture();
    await writer.amend(record, { spec, evidence: { artifacts: [artifact] } }, signal);
    assert.deepEqual(labels(), { ...managed, ...digestLabels([artifact]) });
    assert.ok(Object.keys(digestLabels([artifact])).length > 1);
  });

  it('remembers no write that the watch delivered before the response came', async () => {
    const record = await created();
    api.intercept = (_request, serve) => {
      const object = serve();
      const before = index.get(KEY);
      if (before !== undefined) index.set(KEY, { ...before, resourceVersion: '2' });
      return object;
    };
    await writer.amend(record, bound, signal);
    assert.deepEqual(log, ['delivered']);
  });

  it('finds its own record after a create whose response was lost', async () => {
    api.intercept = (_request, serve) => {
      serve();
      throw unreachable();
    };
    await assert.rejects(writer.create(NAME, parts, signal), KubeError);
    assert.deepEqual(log, ['uncertain']);
    api.intercept = (_request, serve) => serve();
    const { state } = await writer.create(NAME, parts, signal);
    assert.deepEqual([state, index.get(KEY)?.resourceVersion], ['Exists', '1']);
  });

  it('reports an object that holds the name and is not trusted', async () => {
    await created();
    api.rewrite('provenancerecords', (object) => ({ ...object, spec: { ...spec, mode: 'Audit' } }));
    const creation = await writer.create(NAME, parts, signal);
    assert.ok(creation.state === 'Taken');
    assert.match(creation.forged?.why ?? '', /its seal does not verify/);
  });

  it('amends exactly the version that was read, and removes a problem that is gone', async () => {
    const record = await created();
    const amended = await writer.amend(record, bound, signal);
    assert.deepEqual(log, ['wrote 2']);
    assert.equal(field(field(stored(), 'evidence'), 'problem'), undefined);
    assert.deepEqual(amended.object.spec.backendRefs, bound.spec.backendRefs);
    await assert.rejects(writer.amend(record, bound, signal), { status: 409 });
  });

  it('sends nothing where nothing changes', async () => {
    const record = await created();
    const facts = { generation: 1, artifacts: [], backends: undefined };
    const status = recordStatus(record, facts, { now: new Date(0), sealKey: SEAL_KEY });
    const written = await writer.writeStatus(record, status, signal);
    const sent = api.requests.length;
    assert.equal(await writer.writeStatus(written, status, signal), written);
    assert.equal(await writer.amend(written, parts, signal), written);
    assert.equal(api.requests.length, sent);
  });

  it('keeps the spec and the evidence of a record whose status it writes, so that each payload is unpacked once', async () => {
    const record = await created();
    const facts = { generation: 1, artifacts: [], backends: undefined };
    const status = recordStatus(record, facts, { now: new Date(0), sealKey: SEAL_KEY });
    const written = await writer.writeStatus(record, status, signal);
    assert.equal(written.object.evidence, record.object.evidence);
    assert.equal(written.object.spec, record.object.spec);
    assert.equal(written.object.metadata.resourceVersion, '2');
  });

  it('rejects a response that does not read back as it was sealed, and reports it', async () => {
    const record = await created();
    api.intercept = (_request, serve) => {
      serve();
      api.rewrite('provenancerecords', (object) => ({ ...object, spec }));
      return stored();
    };
    await assert.rejects(writer.amend(record, bound, signal), /does not read back as it was sealed/);
    assert.deepEqual(log, [`stored otherwise: ${KEY}`]);
  });

  it('keeps nothing of a record that was deleted while it was written', async () => {
    const record = await created();
    index.clear();
    await writer.amend(record, bound, signal);
    assert.deepEqual([log, index.size], [[], 0]);
  });

  it('deletes the object that it is given and no other of its name', async () => {
    const { object } = await created();
    const { uid } = object.metadata;
    assert.equal(await writer.delete({ key: KEY, uid: 'another' }, signal), false);
    await assert.rejects(writer.delete({ key: KEY, uid, resourceVersion: '0' }, signal), { status: 409 });
    assert.equal(await writer.delete({ key: KEY, uid }, signal), true);
    assert.equal(await writer.delete({ key: KEY, uid }, signal), false);
    assert.equal(stored(), undefined);
  });

  it('writes nothing once it does not lead any more', async () => {
    const record = await created();
    isHolder = false;
    const sent = api.requests.length;
    await assert.rejects(writer.create(NAME, parts, signal), /not the holder/);
    await assert.rejects(writer.amend(record, bound, signal), /not the holder/);
    await assert.rejects(writer.delete({ key: KEY, uid: 'u' }, signal), /not the holder/);
    assert.equal(api.requests.length, sent);
  });
});
