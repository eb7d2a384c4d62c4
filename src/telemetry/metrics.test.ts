// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { reasons } from '../api/v1alpha1/reasons.ts';
import { exponentialBackoff } from '../runtime/queue/backoff.ts';
import { Controller } from '../runtime/queue/controller.ts';
import { KeyedQueue } from '../runtime/queue/keyed-queue.ts';
import { ManualClock } from '../runtime/manual-clock.fixture.ts';
import type { Outcome } from '../runtime/queue/outcome.ts';
import { Metrics } from './metrics.ts';

describe('the metrics', () => {
  it('measure a controller and its queue', async () => {
    const metrics = new Metrics({ processMetrics: false });
    const clock = new ManualClock();
    const gate = Promise.withResolvers<Outcome>();
    const queue = new KeyedQueue({
      clock,
      backoff: exponentialBackoff({ minMs: 60_000, maxMs: 60_000, jitter: 0 }),
      observer: metrics.queueObserver('run'),
    });
    const controller = new Controller({
      name: 'run',
      concurrency: 2,
      queue,
      clock,
      reconcile: (key) => (key === 'broken' ? Promise.reject(new Error('boom')) : gate.promise),
      onResult: metrics.reconciled.bind(metrics),
    });
    metrics.watchController(controller);
    controller.start();
    for (const key of ['broken', 'slow', 'slow-2', 'waits']) queue.add(key);
    await clock.advance(4_000);
    const text = (await metrics.render()).text;
    for (const line of [
      'hallmark_queue_adds_total{controller="run"} 4',
      'hallmark_queue_retries_total{controller="run"} 1',
      'hallmark_queue_depth{controller="run"} 1',
      'hallmark_queue_delayed{controller="run"} 1',
      'hallmark_reconciles_active{controller="run"} 2',
      'hallmark_reconcile_longest_running_seconds{controller="run"} 4',
      'hallmark_reconcile_seconds_count{controller="run",result="Failed"} 1',
    ]) {
      assert.ok(text.split('\n').includes(line), `${line} is missing from\n${text}`);
    }
    gate.resolve({});
    await controller.stop(0);
  });

  it('count records anew at each scrape, so that a reason that is gone is gone', async () => {
    const metrics = new Metrics({ processMetrics: false });
    let records = new Map([[reasons.KeyNotFound, 2]]);
    metrics.showRecords(() => new Map(records));
    assert.match((await metrics.render()).text, /hallmark_records\{reason="KeyNotFound"\} 2/);
    records = new Map();
    assert.doesNotMatch((await metrics.render()).text, /hallmark_records\{/);
  });

  it('measure the records at each scrape', async () => {
    const metrics = new Metrics({ processMetrics: false });
    let bytes = 7000;
    metrics.showRecordBytes(() => bytes);
    assert.match((await metrics.render()).text, /^hallmark_records_bytes 7000$/m);
    bytes = 0;
    assert.match((await metrics.render()).text, /^hallmark_records_bytes 0$/m);
  });

  it('count the runs that are kept at each scrape', async () => {
    const metrics = new Metrics({ processMetrics: false });
    assert.match((await metrics.render()).text, /^hallmark_runs_guarded 0$/m);
    metrics.showGuardedRuns(() => 3);
    assert.match((await metrics.render()).text, /^hallmark_runs_guarded 3$/m);
  });

  it('count the runs that wait for room at each scrape', async () => {
    const metrics = new Metrics({ processMetrics: false });
    assert.match((await metrics.render()).text, /^hallmark_runs_waiting 0$/m);
    metrics.showWaitingRuns(() => 3);
    assert.match((await metrics.render()).text, /^hallmark_runs_waiting 3$/m);
  });

  it('say which replica leads', async () => {
    const metrics = new Metrics({ processMetrics: false });
    let held = false;
    metrics.showShards({ count: 5, holds: (namespace) => namespace === '' && held });
    assert.match((await metrics.render()).text, /^hallmark_leader 0$/m);
    held = true;
    assert.match((await metrics.render()).text, /^hallmark_leader 1$/m);
    assert.match((await metrics.render()).text, /^hallmark_shards_held 5$/m);
  });
});
