// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { beforeEach, describe, it } from 'node:test';
import { field, isObject } from '../../json/fields.ts';
import type { Clock } from '../../runtime/clock.ts';
import { hallmarkResource } from '../../kube/hallmark-resource.ts';
import { isNotFound } from '../../kube/kube-error.ts';
import { ModelApi, unreachable } from '../../kube/model-api.fixture.ts';
import { storedRecord } from '../../records/stored-record.fixture.ts';
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
const clock: Clock = { now: () => new Date(), sleep: () => Promise.resolve(), monotonicMs: () => 0 };

/** A record without its run, stored or on the way. */
function record(isStored: boolean): unknown {
  const made = storedRecord();
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

describe('waiting for a run', () => {
  let api: ModelApi;
  let changes: (() => Promise<void>)[];
  let watches: number;
  let endedWatches: number;

  beforeEach(() => {
    api = new ModelApi(new ManualClock());
    changes = [];
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
        const change = resource.plural === 'provenancerecords' ? changes.shift() : undefined;
        await change?.();
        return change === undefined ? silent(signal) : frames();
      },
    };
  }

  async function* silent(signal: AbortSignal): AsyncGenerator {
    if (!signal.aborted) await once(signal, 'abort');
    yield* [];
  }

  async function* frames(): AsyncGenerator {
    yield await Promise.resolve(Buffer.from('{"type":"BOOKMARK","object":{}}\n{"type":"MODIFIED","object":{}}\n'));
  }

  it('ends when a change makes the record what is awaited, and leaves no watch behind', async () => {
    await api.add(RECORD, record(false));
    changes.push(() => {
      api.rewrite('provenancerecords', (object) => ({ ...object, status: field(record(true), 'status') }));
      return Promise.resolve();
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
