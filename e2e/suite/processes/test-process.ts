// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe } from 'node:test';
import { pathToFileURL } from 'node:url';
import { suiteBundle } from '../../harness/bundle.ts';
import { writeSpentTime } from '../../testbed/processes/measured.ts';
import { typeboxFolder, useBundledTypebox } from './bundled-typebox.ts';
import { firstOpenAfter, type OpenResources } from './open-resources.ts';

const checkout = join(import.meta.dirname, '..', '..', '..');

/** The state of a process of test files, as it says itself. */
export interface ProcessState {
  readonly pid: number;
  /** The file that runs. */
  readonly file: string;
}

export interface TestProcessOptions {
  readonly root: string;
  readonly files: readonly string[];
  /** The file to keep the state in: there from the first file to the last, and touched as a sign of life. */
  readonly statePath: string;
  readonly heartbeatMs: number;
  /** The time that the process has to end by itself after its last test: connections close, servers stop. */
  readonly lingerSeconds: number;
}

/**
 * Runs test files one after the other in this process. Each is a suite with the name of the file, so that its hooks are its
 * own, and so that a report says where a test belongs.
 */
export async function runTestFiles(options: TestProcessOptions): Promise<void> {
  const { root, files, statePath, heartbeatMs, lingerSeconds } = options;
  const heartbeat = setInterval(() => {
    utimesSync(statePath, new Date(), new Date());
  }, heartbeatMs).unref();
  if (suiteBundle !== undefined) useBundledTypebox(typeboxFolder(join(checkout, suiteBundle)));
  const open: OpenResources[] = [{ file: '', resources: process.getActiveResourcesInfo() }];
  for (const file of files) {
    writeState(statePath, { pid: process.pid, file });
    await runTestFile(root, file);
    writeSpentTime(join(root, file));
    open.push({ file, resources: process.getActiveResourcesInfo() });
  }
  clearInterval(heartbeat);
  rmSync(statePath);
  setTimeout(() => {
    console.error(`this process did not end ${lingerSeconds} s after its last test: ${firstOpenAfter(open)}`);
    process.exit(1);
  }, lingerSeconds * 1000).unref();
}

/** Writes it in one step: it is read at any time. */
function writeState(path: string, state: ProcessState): void {
  writeFileSync(`${path}.new`, JSON.stringify(state));
  renameSync(`${path}.new`, path);
}

/** Resolves when all tests of the file have ended. */
async function runTestFile(root: string, file: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const environment = { ...process.env };
  describe(file, async () => {
    try {
      await import(pathToFileURL(join(root, file)).href);
    } finally {
      // Hooks run in their order: this one after those of the file.
      after(() => {
        resolve(undefined);
        assert.deepEqual({ ...process.env }, environment, 'the file leaves other environment variables behind');
      });
    }
  });
  await promise;
}
