// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { beforeEach, describe, it } from 'node:test';
import { field, isObject } from '../../json/fields.ts';
import type { Clock } from '../../runtime/clock.ts';
import { hallmarkResource } from '../../kube/hallmark-resource.ts';
import { isNotFound } from '../../kube/kube-error.ts';
import { ModelApi, unreachable } from '../../kube/model-api.fixture.ts';
import { runResources } from '../../kube/tekton-resources.ts';
import { storedRecord, type StoredRecordOptions } from '../../records/stored-record.fixture.ts';
import { ManualClock } from '../../runtime/manual-clock.fixture.ts';
import { waitForRun } from './wait-for-run.ts';

const RECORD = hallmarkResource('ProvenanceRecord');
const awaited = {
  run: 'taskrun/bake',
  namespace: 'team-a',
  operatorNamespace: 'hallmark-system',
  goal: 'stored',
  policy: undefined,
} as const;
const TASK_RUN = { namespace: 'team-a', name: 'bake' };
/** A clock whose short rests are over at once, and whose long times never end. */
const clock: Clock = {
  now: () => new Date('2026-01-01T01:00:00Z'),
  sleep: async (ms, signal) => {
    if (ms > 1000 && signal?.aborted === false) await once(signal, 'abort');
  },
  monotonicMs: () => 0,
};

/** A record without its run, stored or on the way. */
function record(isStored: boolean, options: StoredRecordOptions = {}): unknown {
  const made = storedRecord(options);
  const status = isStored ? 'True' : 'False';
  const condition = (type: string, value: string) => ({
    type,
    status: value,
    reason: 'Stored',
    message: '',
    observedGeneration: 1,
    lastTransitionTime: '2026-01-01T00:00:00Z',
  });
  const conditions = [
    condition('Ready', status),
    condition('Stored', status),
    condition('Reconciling', isStored ? 'False' : 'True'),
  ];
  return {
    ...(isObject(made) ? made : {}),
    status: { reason: isStored ? 'Stored' : 'Progressing', message: 'm', conditions },
  };
}

/** The run of `record`. */
function taskRun(isFinished: boolean): unknown {
  const status = {
    completionTime: '2026-01-01T00:00:00Z',
    conditions: [{ type: 'Succeeded', status: 'True', reason: 'Succeeded' }],
  };
  return {
    apiVersion: 'tekton.dev/v1',
    kind: 'TaskRun',
    metadata: { ...TASK_RUN, uid: 'uid-of-bake' },
    ...(isFinished ? { status } : {}),
  };
}

describe('waiting for a run', () => {
  let api: ModelApi;
  /** The changes while records are watched, and while runs are. Each may give a body to read. */
  let changes: ((signal: AbortSignal) => Promise<AsyncIterable<unknown> | undefined>)[];
  let runChanges: typeof changes;
  let watches: number;
  let endedWatches: number;

  beforeEach(() => {
    api = new ModelApi(new ManualClock());
    changes = [];
    runChanges = [];
    watches = 0;
    endedWatches = 0;
  });

  /** A client whose first watch of records brings each change of the test; other watches are silent until they are given up. */
  function client() {
    const real = api.client;
    return {
      find: real.find.bind(real),
      listAll: real.listAll.bind(real),
      pages: real.pages.bind(real),
      watch: async (resource: { readonly plural: string }, { signal }: { readonly signal: AbortSignal }) => {
        watches += 1;
        signal.addEventListener('abort', () => (endedWatches += 1), { once: true });
        const ofResource = { provenancerecords: changes, taskruns: runChanges }[resource.plural];
        const change = ofResource?.shift();
        return change === undefined ? silent(signal) : ((await change(signal)) ?? frames());
      },
    };
  }

  async function* silent(signal: AbortSignal): AsyncGenerator {
    if (!signal.aborted) await once(signal, 'abort');
    yield* [];
  }

  async function* frames(object: unknown = {}): AsyncGenerator {
    const lines = [
      { type: 'BOOKMARK', object: {} },
      { type: 'MODIFIED', object },
    ].map((frame) => `${JSON.stringify(frame)}\n`);
    yield await Promise.resolve(Buffer.from(lines.join('')));
  }

  async function* broken(): AsyncGenerator {
    await Promise.reject(new Error('terminated'));
  }

  async function policy(name: string): Promise<void> {
    const signer = { type: 'Key', key: { secretRef: { name: 'k' } } };
    await api.add(hallmarkResource('SigningPolicy'), {
      apiVersion: 'hallmark.dev/v1alpha1',
      kind: 'SigningPolicy',
      metadata: { namespace: 'team-a', name, creationTimestamp: '2025-01-01T00:00:00Z' },
      spec: { signer },
    });
  }

  async function removeRun(): Promise<undefined> {
    await api.client.delete(runResources.TaskRun, TASK_RUN, { signal: new AbortController().signal });
  }

  function store(): void {
    api.rewrite('provenancerecords', (object) => ({ ...object, status: field(record(true), 'status') }));
  }

  it('ends when a change makes the record what is awaited, and leaves no watch behind', async () => {
    await api.add(RECORD, record(false));
    changes.push(() => {
      store();
      return Promise.resolve(undefined);
    });
    const { state, lines } = await waitForRun(client(), clock, awaited, new AbortController().signal);
    assert.deepEqual([state, watches, endedWatches], ['Met', 2, 2]);
    assert.match(lines.join(), /^SigningPolicy team-a\/builds: Stored: m/);
  });

  it('returns what it last saw when the time is over', async () => {
    await api.add(RECORD, record(false));
    const time = new AbortController();
    changes.push(() => {
      time.abort();
      return Promise.reject(new Error('aborted'));
    });
    const { state, lines } = await waitForRun(client(), clock, awaited, time.signal);
    assert.equal(state, 'Waiting');
    assert.match(lines.join(), /Progressing/);
  });

  it('says that the cluster did not answer where the time is over before that', async () => {
    const { state, lines } = await waitForRun(client(), clock, awaited, AbortSignal.abort());
    assert.deepEqual([state, lines], ['Waiting', ['the cluster did not answer in this time']]);
  });

  it('reads again when the connection of a watch breaks', async () => {
    await api.add(RECORD, record(false));
    changes.push(() => {
      store();
      return Promise.resolve(broken());
    });
    const { state } = await waitForRun(client(), clock, awaited, new AbortController().signal);
    assert.deepEqual([state, endedWatches], ['Met', 2]);
  });

  it('reads again when a watch is silent for longer than it may last', async () => {
    await api.add(RECORD, record(false));
    const late: Clock = {
      ...clock,
      sleep: (ms) => {
        assert.ok(ms > 240_000);
        store();
        return Promise.resolve();
      },
    };
    const { state } = await waitForRun(client(), late, awaited, new AbortController().signal);
    assert.deepEqual([state, endedWatches], ['Met', 2]);
  });

  it('still counts the policies that selected a run when it is gone', async () => {
    await api.add(runResources.TaskRun, taskRun(true));
    await policy('builds');
    await policy('other');
    await api.add(RECORD, record(true));
    const time = new AbortController();
    changes.push(removeRun, () => {
      time.abort();
      return Promise.reject(new Error('aborted'));
    });
    const { state, lines } = await waitForRun(client(), clock, awaited, time.signal);
    assert.equal(state, 'Waiting');
    assert.match(lines.join('\n'), /builds: Stored[^]*other: the run is gone, and there is no record of it yet/);
  });

  it('takes no record of an earlier run of the name for that of a run that is gone', async () => {
    await api.add(runResources.TaskRun, taskRun(false));
    await policy('builds');
    await api.add(RECORD, record(true, { uids: { run: 'earlier', record: 'earlier' } }));
    changes.push(removeRun);
    const { state, lines } = await waitForRun(client(), clock, awaited, new AbortController().signal);
    assert.equal(state, 'Failed');
    assert.match(lines.join(), /builds: the run is gone, and was not seen to finish/);
  });

  it('knows the end of a run that is gone before it is read again', async () => {
    await api.add(runResources.TaskRun, taskRun(false));
    await policy('builds');
    const time = new AbortController();
    runChanges.push(async () => {
      await removeRun();
      return frames(taskRun(true));
    });
    changes.push(
      (signal) => Promise.resolve(silent(signal)),
      () => {
        time.abort();
        return Promise.reject(new Error('aborted'));
      },
    );
    const { state, lines } = await waitForRun(client(), clock, awaited, time.signal);
    assert.equal(state, 'Waiting');
    assert.match(lines.join(), /builds: the run is gone, and there is no record of it yet/);
  });

  it('takes the records of the latest run of the name where it saw none', async () => {
    const spec = { completionTime: '2025-01-01T00:00:00Z' };
    const stuck = record(false, { uids: { run: 'earlier', record: 'earlier' }, spec });
    const conditions = [
      { type: 'Ready', status: 'False' },
      { type: 'Reconciling', status: 'False' },
    ].map((each) => ({
      ...each,
      reason: 'KeyNotFound',
      message: '',
      observedGeneration: 1,
      lastTransitionTime: '2026-01-01T00:00:00Z',
    }));
    await api.add(RECORD, { ...(isObject(stuck) ? stuck : {}), status: { reason: 'KeyNotFound', conditions } });
    await api.add(RECORD, record(true));
    const { state } = await waitForRun(client(), clock, awaited, new AbortController().signal);
    assert.equal(state, 'Met');
  });

  it('tries again while the API server does not answer', async () => {
    await api.add(RECORD, record(true));
    let refusals = 3;
    api.intercept = (_request, serve) => {
      if (refusals-- > 0) throw unreachable();
      return serve();
    };
    assert.equal((await waitForRun(client(), clock, awaited, new AbortController().signal)).state, 'Met');
  });

  it('ends at once where there is neither a run nor a record of it', async () => {
    await assert.rejects(waitForRun(client(), clock, awaited, new AbortController().signal), (error) => {
      assert.ok(!isNotFound(error));
      return /there is no TaskRun or PipelineRun "taskrun\/bake" in namespace "team-a"/.test(String(error));
    });
    assert.equal(watches, 0);
  });
});
