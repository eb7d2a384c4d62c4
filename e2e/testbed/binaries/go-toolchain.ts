// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const neededMajor = 1;
const neededMinor = 26;
const remedy = `install Go ${neededMajor}.${neededMinor} or later (https://go.dev/dl), or name a folder with ready binaries in HALLMARK_TESTBED_BIN`;

/** Fails with the remedy unless the `go` on the PATH can build what the modules ask for. */
export async function requireGo(moduleFolder: string): Promise<void> {
  const version = await goVersion(moduleFolder);
  const [, major = '0', minor = '0'] = /^go(\d+)\.(\d+)/.exec(version) ?? [];
  if (Number(major) === neededMajor && Number(minor) >= neededMinor) return;
  throw new Error(`the go on the PATH is ${version || 'of an unknown version'}: ${remedy}`);
}

async function goVersion(moduleFolder: string): Promise<string> {
  try {
    const { stdout } = await run('go', ['env', 'GOVERSION'], { cwd: moduleFolder });
    return stdout.trim();
  } catch (error) {
    const why = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    throw new Error(`no usable go on the PATH${why === '' ? '' : ` (${why})`}: ${remedy}`, { cause: error });
  }
}
