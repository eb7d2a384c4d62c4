// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { TestProcesses } from './test-processes.ts';

for (const [end, kills] of [
  ['has hung is killed', 1],
  ['died is not killed: its id may be that of another process', 0],
] as const) {
  it(`a process of test files that ${end}`, (context) => {
    context.mock.timers.enable({ apis: ['setInterval'] });
    const kill = context.mock.method(process, 'kill', () => true);
    const folder = mkdtempSync(join(tmpdir(), 'hallmark-test-processes-'));
    const limits = { testSeconds: 1, blockedSeconds: 30, lingerSeconds: 1 };
    const processes = new TestProcesses(folder, { root: folder, groups: [['a.test.ts']], limits });
    try {
      writeFileSync(join(folder, 'group-1.json'), JSON.stringify({ pid: 4_000_000, file: 'a.test.ts' }));
      const [entry = ''] = processes.entries;
      if (kills === 0) processes.failed(entry);
      context.mock.timers.tick(60_000);
      assert.equal(kill.mock.callCount(), kills);
      assert.match(processes.deaths.join(), kills === 0 ? /its process died/ : /no timer of its process fired/);
    } finally {
      processes.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });
}
