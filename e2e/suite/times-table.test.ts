// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { readTimes, timesTable } from './times-table.ts';

const measured = join(import.meta.dirname, '..', 'testbed', 'processes', 'measured.ts');
/** Starts something while it waits for something else, which counts as starting, and then waits for itself. */
const program = `
  import { setTimeout as delay } from 'node:timers/promises';
  import { measured, writeSpentTime } from ${JSON.stringify(measured)};
  await Promise.all([measured('waiting', () => delay(80)), measured('starting', () => delay(100))]);
  await measured('waiting', () => delay(60));
  writeSpentTime(import.meta.filename);
`;

describe('the table of times', () => {
  const root = mkdtempSync(join(tmpdir(), 'hallmark-times-test-'));
  after(() => {
    rmSync(root, { recursive: true });
  });

  it('tells starting, waiting and work apart', () => {
    const file = join(root, 'a.test.ts');
    writeFileSync(file, program);
    const times = join(root, 'times');
    mkdirSync(times);
    const run = spawnSync(process.execPath, [file], {
      encoding: 'utf8',
      env: { ...process.env, HALLMARK_TEST_TIMES: times },
    });
    assert.equal(run.status, 0, run.stderr);
    const [spent] = readTimes(times, { root, seconds: new Map([['a.test.ts', 100]]) });
    assert.ok(spent !== undefined);
    assert.equal(spent.seconds, 100);
    assert.ok(spent.starting >= 0.09, `${spent.starting} s of starting`);
    assert.ok(spent.waiting >= 0.05, `${spent.waiting} s of waiting`);
    assert.ok(spent.cpu > 0);
  });

  it('has a line for each file, the longest first, and the sum', () => {
    const short = { file: 'short.test.ts', seconds: 2, starting: 1, waiting: 0.5, cpu: 1 };
    const long = { file: 'long.test.ts', seconds: 40, starting: 10, waiting: 20, cpu: 6 };
    assert.deepEqual(timesTable([short, long]).split('\n'), [
      '  seconds starting  waiting     work      cpu  file',
      '     40.0     10.0     20.0     10.0      6.0  long.test.ts',
      '      2.0      1.0      0.5      0.5      1.0  short.test.ts',
      '     42.0     11.0     20.5     10.5      7.0  2 files',
    ]);
  });
});
