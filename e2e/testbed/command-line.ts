// SPDX-License-Identifier: Apache-2.0
import { say } from './binaries/build-progress.ts';

/** Runs a command of the testbed: prints only the message of an error, and exits with 1. */
export async function commandLine(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
