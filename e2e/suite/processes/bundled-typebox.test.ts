// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { bundleTypebox } from './bundled-typebox.ts';

const checkout = join(import.meta.dirname, '..', '..', '..');
const bundled = JSON.stringify(join(import.meta.dirname, 'bundled-typebox.ts'));

describe('the bundle of typebox', () => {
  let folder = '';
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hallmark-typebox-'));
    await bundleTypebox(checkout, folder);
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** Runs a module that imports from the bundle. @returns its output */
  function run(text: string): string {
    const program = join(folder, 'program.mjs');
    const use = `const { useBundledTypebox } = await import(${bundled});\nuseBundledTypebox(${JSON.stringify(folder)});\n`;
    writeFileSync(program, `${use}${text}`);
    return execFileSync(process.execPath, [program], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  }

  it('checks values in place of the package', () => {
    const output = run(`
      import { registerHooks } from 'node:module';
      const loaded = [];
      registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
      const { default: Type } = await import('typebox');
      const { Compile } = await import('typebox/compile');
      const { Value } = await import('typebox/value');
      const Port = Type.Object({ port: Type.Integer({ minimum: 1 }) });
      const verdicts = [{ port: 1 }, { port: 0 }].flatMap((value) => [Compile(Port).Check(value), Value.Check(Port, value)]);
      console.log(JSON.stringify({ verdicts, packages: loaded.filter((url) => url.includes('node_modules')) }));
    `);
    assert.deepEqual(JSON.parse(output), { verdicts: [true, true, false, false], packages: [] });
  });

  it('refuses what it leaves out, of which there would be a second instance', () => {
    assert.throws(() => run("await import('typebox/format');"), /the bundle of the tests leaves typebox\/format out/);
  });
});
