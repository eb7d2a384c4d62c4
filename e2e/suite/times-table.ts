// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Compile } from 'typebox/compile';
import Type from 'typebox';
import type { SpentTime } from '../testbed/processes/measured.ts';

const SpentTimes = Compile(
  Type.Object({
    file: Type.String(),
    seconds: Type.Number(),
    starting: Type.Number(),
    waiting: Type.Number(),
    cpu: Type.Number(),
  }),
);

/** The time that each test file spent: as long as the runner saw it, and in detail where it wrote that into the folder. */
export function readTimes(
  folder: string,
  { root, seconds }: { readonly root: string; readonly seconds: ReadonlyMap<string, number> },
): readonly SpentTime[] {
  const written = readdirSync(folder).map((name) =>
    SpentTimes.Parse(JSON.parse(readFileSync(join(folder, name), 'utf8'))),
  );
  const details = new Map(written.map((spent) => [relative(root, spent.file), spent]));
  const nothing = { starting: 0, waiting: 0, cpu: 0 };
  return [...seconds].map(([file, taken]) => ({ ...nothing, ...details.get(file), file, seconds: taken }));
}

/** A table of what each file spent, the longest first, with the sum at the end. */
export function timesTable(times: readonly SpentTime[]): string {
  const rows = times.toSorted((one, other) => other.seconds - one.seconds);
  const total = rows.reduce(sum, { file: `${rows.length} files`, seconds: 0, starting: 0, waiting: 0, cpu: 0 });
  const head = ['seconds', 'starting', 'waiting', 'work', 'cpu'].map((title) => title.padStart(9)).join('');
  return [`${head}  file`, ...[...rows, total].map(line)].join('\n');
}

function line({ file, seconds, starting, waiting, cpu }: SpentTime): string {
  const figures = [seconds, starting, waiting, seconds - starting - waiting, cpu];
  return `${figures.map((figure) => figure.toFixed(1).padStart(9)).join('')}  ${file}`;
}

function sum(one: SpentTime, other: SpentTime): SpentTime {
  return {
    file: one.file,
    seconds: one.seconds + other.seconds,
    starting: one.starting + other.starting,
    waiting: one.waiting + other.waiting,
    cpu: one.cpu + other.cpu,
  };
}
