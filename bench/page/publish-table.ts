// SPDX-License-Identifier: Apache-2.0
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { betweenMarkers } from '../../codegen/between-markers.ts';
import { formatted } from '../../codegen/formatted.ts';
import { BENCHMARKS_PAGE, measuredCommit } from './measured-commit.ts';
import { circumstances, measuredOn, type Circumstances } from './measured-on.ts';

/** A Markdown table with figures, and the name of its place on the page. */
export interface BenchTable {
  readonly id: string;
  readonly lines: readonly string[];
}

const WRITE = '--write';
const root = join(import.meta.dirname, '../..');
const isWriting = process.argv.includes(WRITE);
// A bench imports this module before it begins, so a commit that cannot be named costs no measurement, and the load is not the bench's own.
const before = circumstances(isWriting ? measuredCommit(root) : 'unnamed');

/** The words of the command line that are the bench's own. */
export const benchArguments: readonly string[] = process.argv.slice(2).filter((word) => word !== WRITE);

/** Refuse `--write` together with words that leave rows out, which would be lost to the page. @throws Error */
export function refuseToWrite(words: string): void {
  if (isWriting) throw new Error(`${WRITE} takes no ${words}: the page has the whole table`);
}

/** Print a table; with `--write`, put it into its place in docs/benchmarks.md too, above the commit and machine it comes from. */
export async function publishTable(table: BenchTable): Promise<void> {
  console.log(`\n${table.lines.join('\n')}`);
  if (!isWriting) return;
  const page = join(root, BENCHMARKS_PAGE);
  writeFileSync(page, await formatted(BENCHMARKS_PAGE, withTable(readFileSync(page, 'utf8'), table, before)));
}

/**
 * Replace the table in its place on the page.
 *
 * @throws Error when the page has no such place
 */
export function withTable(page: string, { id, lines }: BenchTable, measured: Circumstances): string {
  return betweenMarkers(page, id, [...lines, '', measuredOn(measured)].join('\n'), 'npm run bench');
}
