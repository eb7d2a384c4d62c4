// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { canonicalJson } from '../src/json/canonical-json.ts';
import { field, listField } from '../src/json/fields.ts';
import { readRecord } from '../src/records/read-record.ts';
import { summariseRecord } from '../src/records/record-summary.ts';
import { SEAL_KEY } from '../src/records/stored-record.fixture.ts';
import { runKey } from '../src/tekton/run-key.ts';
import { summariseRun } from '../src/tekton/run-summary.ts';
import { FullClusterApi } from './full-cluster.ts';

const COUNT = 25;

it('answers with finished runs, and with a settled record of each under a seal of its own, as an API server writes them', () => {
  const api = new FullClusterApi({ runs: COUNT, records: COUNT });
  const pages = ['taskruns', 'provenancerecords'].map((plural) =>
    api.answer(`/apis/x/v1/${plural}`, new URLSearchParams()),
  );
  const [runs = [], records = []] = pages.map((page) => {
    assert.ok(page !== undefined);
    assert.equal(page, canonicalJson(JSON.parse(page)));
    return listField(JSON.parse(page), 'items');
  });
  const summaries = records.map((record) => {
    const read = readRecord(record, SEAL_KEY);
    assert.ok(read?.isTrusted === true);
    return summariseRecord(read);
  });
  assert.deepEqual(
    summaries.map((record) => record.isSettled && record.runKey),
    runs.map((run) => {
      const summary = summariseRun(run);
      assert.ok(summary?.finished !== undefined);
      return runKey(summary);
    }),
  );
  const versions = [...runs, ...records].map((object) => field(field(object, 'metadata'), 'resourceVersion'));
  assert.equal(new Set(versions).size, 2 * COUNT);
  assert.equal(new Set(summaries.map(({ uid }) => uid)).size, COUNT);
});
