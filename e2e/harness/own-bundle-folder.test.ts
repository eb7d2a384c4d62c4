// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';

const source = join(import.meta.dirname, 'own-bundle-folder.ts');

describe('the folder of a bundle', () => {
  let checkout = '';
  beforeEach(() => {
    checkout = mkdtempSync(join(tmpdir(), 'hallmark-checkout-'));
    mkdirSync(join(checkout, 'dist'));
  });
  afterEach(() => {
    rmSync(checkout, { recursive: true });
  });

  /** A process that takes its folder, makes it, and ends like this. @returns its process id and what the checkout held meanwhile */
  function run(ending: string): { readonly pid: number; readonly held: readonly string[] } {
    const program = `
      import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
      import { join } from 'node:path';
      import { ownBundleFolder } from ${JSON.stringify(source)};
      const checkout = ${JSON.stringify(checkout)};
      const folder = join(checkout, ownBundleFolder(checkout));
      mkdirSync(folder);
      writeFileSync(join(folder, 'main.js'), '');
      console.log(readdirSync(checkout).join(' '));
      ${ending}
    `;
    const { pid, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
    return { pid, held: stdout.trim().split(' ').toSorted() };
  }

  for (const [how, ending] of Object.entries({ passes: '', fails: `throw new Error('failed')` })) {
    it(`is of one process alone, and goes when it ${how}`, () => {
      const { pid, held } = run(ending);
      assert.deepEqual(held, ['dist', `dist-of-${pid}`]);
      assert.deepEqual(readdirSync(checkout), ['dist']);
    });
  }

  it('goes with the next process when its own was killed, and stays while its own runs', () => {
    mkdirSync(join(checkout, `dist-of-${process.pid}`));
    const killed = run(`process.kill(process.pid, 'SIGKILL')`);
    assert.ok(readdirSync(checkout).includes(`dist-of-${killed.pid}`));
    const { pid, held } = run('');
    assert.deepEqual(held, ['dist', ...[`dist-of-${process.pid}`, `dist-of-${pid}`].toSorted()]);
    assert.deepEqual(readdirSync(checkout).toSorted(), ['dist', `dist-of-${process.pid}`]);
  });
});
