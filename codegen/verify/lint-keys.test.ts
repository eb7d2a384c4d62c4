// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ImportGraph } from './import-graph.ts';
import { lintKeys } from './lint-keys.ts';
import { PassedKeys } from './passed-keys.ts';

describe('the keys of linted files', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'hallmark-lint-keys-'));
    mkdirSync(join(folder, 'src'));
    write('clean', `import { faulty } from './faulty.ts';`);
    write('faulty', `import { clean } from './clean.ts';`);
    write('apart', '');
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  function write(name: string, imports: string): void {
    writeFileSync(join(folder, 'src', `${name}.ts`), `${imports}\nexport const ${name} = 1;\n`);
  }

  function keys(rules = 'rules', program = ''): ReadonlyMap<string, string> {
    const graph = ImportGraph.read(folder, ['src']);
    return lintKeys({ graph, others: new Map([['program.js', program]]), shared: [rules] });
  }

  /** A run that lints the files that did not pass before, and remembers all without a fault. @returns the files with one */
  function run(): readonly string[] {
    const passed = new PassedKeys(join(folder, 'linted'));
    const now = keys();
    const wrong = [...now].filter(([file, key]) => !passed.has(key) && file === 'src/faulty.ts').map(([file]) => file);
    passed.add([...now].filter(([file]) => !wrong.includes(file)).map(([, key]) => key));
    return wrong;
  }

  /** The files whose keys a change makes others. */
  function changedBy(change: () => ReadonlyMap<string, string>): readonly string[] {
    const before = keys();
    const later = change();
    return [...later.keys()].filter((file) => later.get(file) !== before.get(file)).toSorted();
  }

  it('have a fault found again in each run, also where a file without any imports the faulty one and is imported by it', () => {
    assert.deepEqual([run(), run()], [['src/faulty.ts'], ['src/faulty.ts']]);
  });

  it('change with the file, its imports and the rules', () => {
    const all = ['program.js', 'src/apart.ts', 'src/clean.ts', 'src/faulty.ts'];
    assert.deepEqual(
      changedBy(() => keys('other rules')),
      all,
    );
    const edited = changedBy(() => {
      write('faulty', `import { clean } from './clean.ts'; // edited`);
      return keys();
    });
    assert.deepEqual(edited, ['src/clean.ts', 'src/faulty.ts']);
    assert.deepEqual(
      changedBy(() => keys('rules', 'edited')),
      ['program.js'],
    );
  });
});
