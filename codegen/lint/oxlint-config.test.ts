// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import config from '../../oxlint.config.ts';
import { findingsIn } from '../verify/oxlint-findings.ts';
import { ruleFaults } from './rule-faults.fixture.ts';

const root = join(import.meta.dirname, '..', '..');

/** Faults that our own rules, the compiler and bounds between folders are for, each with the file that has it and the rule that names it. */
const faults: Readonly<Record<string, readonly [path: string, code: string, text: string]>> = {
  'a wrong type': ['src/json/type.ts', 'typescript(TS2322)', `export const count: number = 'one';`],
  'a local that nothing reads': [
    'src/json/unread.ts',
    'typescript(TS6133)',
    `export function f(): void { const a = 1; }`,
  ],
  'an import of a higher layer': [
    'src/json/layer.ts',
    'eslint(no-restricted-imports)',
    `import { a } from '../api/a.ts';\nexport const b = a;`,
  ],
  'an import of a package of another folder': [
    'src/api/package.ts',
    'eslint(no-restricted-imports)',
    `import { KubeConfig } from '@kubernetes/client-node';\nexport const b = KubeConfig;`,
  ],
  'an import of a controller that is none of its folder': [
    'src/controllers/run/other.ts',
    'eslint(no-restricted-imports)',
    `import { a } from '../propagation/a.ts';\nexport const b = a;`,
  ],
  'an import of the wiring in the controllers themselves': [
    'src/controllers/own.ts',
    'eslint(no-restricted-imports)',
    `import { a } from './wiring/a.ts';\nexport const b = a;`,
  ],
  'an import of the command in the operator': [
    'src/main.ts',
    'eslint(no-restricted-imports)',
    `import { a } from './cli/a.ts';\nexport const b = a;`,
  ],
  'a connection past the egress client': [
    'src/api/connection.ts',
    'hallmark(no-connections)',
    `import { request } from 'node:https';\nexport const b = request;`,
  ],
  'a whole module that connects': [
    'src/api/whole.ts',
    'hallmark(no-connections)',
    `import * as net from 'node:net';\nexport const b = net;`,
  ],
  'a module that connects, imported late': [
    'src/api/late.ts',
    'hallmark(no-connections)',
    `export const b = (): Promise<unknown> => import('undici');`,
  ],
  'a global that connects': ['src/api/global.ts', 'eslint(no-restricted-globals)', `export const b = fetch;`],
  'test data in what ships': [
    'src/api/data.ts',
    'hallmark(no-test-data)',
    `import { a } from './a.fixture.ts';\nexport const b = a;`,
  ],
  'a record that another writes': [
    'src/controllers/record.ts',
    'hallmark(one-record-writer)',
    `declare function hallmarkResource(kind: string): string;\ndeclare const client: { apply(kind: string): void };\nconst records = hallmarkResource('ProvenanceRecord');\nclient.apply(records);`,
  ],
  'a status that another writes': [
    'src/controllers/status.ts',
    'hallmark(one-status-writer)',
    `declare const client: { replaceStatus(): void };\nclient.replaceStatus();`,
  ],
};

/** Files that break a rule which does not hold for them. */
const allowed: Readonly<Record<string, readonly [path: string, text: string]>> = {
  'a test whose promise the runner awaits': [
    'src/json/good.test.ts',
    `import { it } from 'node:test';\nit('works', () => undefined);`,
  ],
  'a print of the command': ['src/cli/print.ts', `console.log(1);`],
  'a connection of the egress client': [
    'src/net/connection.ts',
    `import { request } from 'node:https';\nexport const b = request;`,
  ],
  'a name that opens no connection, and a type': [
    'src/api/harmless.ts',
    `import { isIP, type Socket } from 'node:net';\nimport type { Server } from 'node:http';\nexport const b = (a: Socket | Server): number => isIP(String(a.listenerCount('x')));`,
  ],
  'test data in a test': ['src/api/data.test.ts', `import { a } from './a.fixture.ts';\nexport const b = a;`],
};

/** The file with the fault that a rule is for. */
function faultOf(rule: string): string {
  return `src/json/${rule.replace('/', '.')}.ts`;
}

describe('the lint rules of the checkout', () => {
  let folder = '';
  const found = new Map<string, string[]>();
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hallmark-oxlint-'));
    for (const path of ['oxlint.config.ts', 'tsconfig.json', 'package.json'])
      copyFileSync(join(root, path), join(folder, path));
    for (const path of ['codegen', 'node_modules']) symlinkSync(join(root, path), join(folder, path));
    for (const path of [
      'src/api/a.ts',
      'src/api/a.fixture.ts',
      'src/cli/a.ts',
      'src/controllers/wiring/a.ts',
      'src/controllers/propagation/a.ts',
    ])
      write(path, 'export const a = 1;');
    for (const [path, , text] of Object.values(faults)) write(path, text);
    for (const [path, text] of Object.values(allowed)) write(path, text);
    for (const [rule, text] of Object.entries(ruleFaults)) write(faultOf(rule), text);
    for (const { filename, code = '' } of await findingsIn(folder, ['src']))
      found.set(filename, [...(found.get(filename) ?? []), code]);
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  function write(path: string, text: string): void {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    writeFileSync(join(folder, path), `${text}\n`);
  }

  for (const [fault, [path, code]] of Object.entries(faults))
    it(`find ${fault}`, () => {
      assert.ok(found.get(path)?.includes(code), `${path}: ${String(found.get(path))}`);
    });

  for (const rule of Object.keys(config.rules))
    it(`find what ${rule} is for`, () => {
      const [name = '', plugin = 'eslint'] = rule.split('/').toReversed();
      assert.ok(found.get(faultOf(rule))?.includes(`${plugin}(${name})`), String(found.get(faultOf(rule))));
    });

  for (const [use, [path]] of Object.entries(allowed))
    it(`allow ${use}`, () => {
      assert.equal(found.get(path), undefined);
    });

  it('fail when the linter itself does', async () => {
    writeFileSync(join(folder, 'oxlint.config.ts'), 'throw new Error("a fault in the configuration");\n');
    await assert.rejects(findingsIn(folder, ['src']), /oxlint failed with code \d+:[^]*a fault in the configuration/);
  });
});
