// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ImportGraph } from '../../codegen/verify/import-graph.ts';
import { touchedTests } from './touched-tests.ts';

const files = {
  'src/key.ts': 'export const key = 1;',
  'src/sign.ts': "import { key } from './key.ts';",
  'src/sign.test.ts': "import { sign } from './sign.ts';",
  'src/other.test.ts': "import assert from 'node:assert';",
  'src/main.ts': "const { sign } = await import('./sign.ts');",
  'e2e/bed.ts': "spawn('node', ['src/main.ts']); const chart = join(root, 'helm', 'chart');",
  'e2e/operator.test.ts': "import { Bed } from './bed.ts';",
  'src/cli/main.ts': "import { key } from '../key.ts';",
  'e2e/command.test.ts': "spawn(join(checkout, 'bin', 'hallmark'));",
};
const tests = Object.keys(files).filter((file) => file.endsWith('.test.ts'));

describe('what a change can touch', () => {
  const root = mkdtempSync(join(tmpdir(), 'hallmark-touched-'));
  let graph: ImportGraph;

  before(() => {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    graph = ImportGraph.read(root, ['src', 'e2e']);
  });
  after(() => {
    rmSync(root, { recursive: true });
  });

  const cases: Readonly<Record<string, readonly [readonly string[], readonly string[]]>> = {
    'is the test itself': [['src/other.test.ts'], ['src/other.test.ts']],
    'is what imports it, and the beds that start a process of it': [
      ['src/sign.ts'],
      ['src/sign.test.ts', 'e2e/operator.test.ts'],
    ],
    'is what runs the command': [['src/cli/main.ts'], ['e2e/command.test.ts']],
    'is what names a folder of data': [['helm/chart/values.yaml'], ['e2e/operator.test.ts']],
    'is everything for what every file stands on': [['package-lock.json'], tests],
    'is everything for what no file names': [['strange/data.bin'], tests],
    'is nothing for a text': [['docs/install.md', 'README.md'], []],
  };
  for (const [title, [changed, touched]] of Object.entries(cases)) {
    it(title, () => {
      assert.deepEqual([...touchedTests(graph, tests, changed)].sort(), [...touched].sort());
    });
  }
});
