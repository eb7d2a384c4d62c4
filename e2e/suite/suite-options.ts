// SPDX-License-Identifier: Apache-2.0
import { parseArgs } from 'node:util';

export interface SuiteOptions {
  /** Test files or patterns; everything without any. */
  readonly files: readonly string[];
  /** Only what a change since the main branch can touch. */
  readonly isChanged: boolean;
  /** The gate and the unit tests alone. */
  readonly isCheck: boolean;
  /** Print what each file spent. */
  readonly withTimes: boolean;
  /** Write what each file took to `e2e/suite/expected-seconds.json`, which orders them. */
  readonly isRecorded: boolean;
  /** Shuffle the files, by this number. */
  readonly seed: number | undefined;
  /** End-to-end files at one time. */
  readonly jobs: number;
}

export const usage = `usage: npm test [-- FILE… | --changed | --check] [--times] [--record] [--seed NUMBER] [--jobs NUMBER]

  FILE…          only these test files (or patterns)
  --changed      the static gate, and the tests that a change since the main branch can touch
  --check        the static gate and the unit tests: npm run check
  --times        at the end, a table of what each file spent: starting servers, waiting, work
  --record       keep the seconds of each file, which order the files of later runs
  --seed NUMBER  shuffle the test files, in an order that this number determines
  --jobs NUMBER  end-to-end files at one time; 4 by default
`;

/** Twice the cores of a small machine: a file waits for about half of its time. With five, tests that measure how long a team waits say less. */
const defaultJobs = 4;

/** Reads the arguments of `npm test`; throws with a message for people when they make no sense. */
export function suiteOptions(args: readonly string[]): SuiteOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      changed: { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
      times: { type: 'boolean', default: false },
      record: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      seed: { type: 'string' },
      jobs: { type: 'string' },
    },
  });
  const { changed, check, times, record, help, seed, jobs } = values;
  if (help) throw new Error('What npm test takes:');
  if ([positionals.length > 0, changed, check].filter(Boolean).length > 1)
    throw new Error('FILE…, --changed and --check exclude each other');
  return {
    files: positionals,
    isChanged: changed,
    isCheck: check,
    withTimes: times,
    isRecorded: record,
    seed: seed === undefined ? undefined : wholeNumber('--seed', seed, 0),
    jobs: jobs === undefined ? defaultJobs : wholeNumber('--jobs', jobs, 1),
  };
}

function wholeNumber(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < least)
    throw new Error(`${name} wants a whole number from ${least} on, not ${text}`);
  return value;
}
