// SPDX-License-Identifier: Apache-2.0
// Writes src/tekton/go/go-types.generated.ts with the Go program in this folder, and vectors of the behaviour of the Go types
// for its test. Go and its modules are needed only when that program or its modules have changed: the table carries a hash of
// its sources. With --check, writes nothing and exits 1 when the table is out of date or edited.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const here = import.meta.dirname;
const path = 'src/tekton/go/go-types.generated.ts';
const file = join(here, '../..', path);
const vectors = join(here, '../../testdata/golden/go-roundtrip.jsonl');
const inputs = ['go.mod', 'go.sum', 'main.go', 'roundtrip.go'];

function hash(...texts: readonly string[]): string {
  return createHash('sha256').update(texts.join('\0')).digest('hex').slice(0, 32);
}

/** The table with the hash of its sources and of itself on the last line. */
function sealed(table: string, sources: string): string {
  return `${table}// sources ${sources}, table ${hash(table)}\n`;
}

function isCurrent(sources: string): boolean {
  if (!existsSync(file)) return false;
  const text = readFileSync(file, 'utf8');
  const table = text.slice(0, text.lastIndexOf('// sources '));
  return text === sealed(table, sources);
}

function go(command: string, input: string): string {
  const options = { cwd: here, encoding: 'utf8', input, maxBuffer: 2 ** 28 } as const;
  const { status, stdout, stderr } = spawnSync('go', ['run', '.', command], options);
  if (status !== 0) throw new Error(`go run . ${command} in codegen/go-types failed: ${stderr}`);
  return stdout;
}

const sources = hash(...inputs.map((name) => readFileSync(join(here, name), 'utf8')));
if (!isCurrent(sources)) {
  if (process.argv.includes('--check')) {
    console.error(`${path} is out of date: run \`node codegen/go-types/generate.ts\``);
    process.exitCode = 1;
  } else {
    writeFileSync(file, sealed(go('table', ''), sources));
    // Imported late: the cases are made from the table.
    const { roundtripCases, roundtripVectors } = await import('./roundtrip-vectors.ts');
    const cases = roundtripCases();
    writeFileSync(vectors, roundtripVectors(cases, go('roundtrip', cases.join('\n'))));
  }
}
