// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { withBuildLock } from '../binaries/build-lock.ts';
import { say } from '../binaries/build-progress.ts';
import { cacheDirectory } from '../binaries/cache-directory.ts';
import { runCommand } from '../processes/run-command.ts';
import { sharedWatchdog } from '../processes/shared-watchdog.ts';

const INSTALL_SECONDS = 600;
const OLDEST_MINOR = 9;

/**
 * The python of a virtual environment with exactly what a requirements file names, made in the testbed's cache when it is missing.
 * Packages are taken as wheels alone, so that nothing is compiled; pip's own settings of the machine (a mirror, a proxy) hold.
 */
export async function pythonEnvironment(name: string, requirementsFile: string): Promise<string> {
  const base = await python();
  const content = createHash('sha256').update(readFileSync(requirementsFile)).update(base.version);
  const folder = join(cacheDirectory(), `${name}-${content.digest('hex').slice(0, 12)}`);
  const onWait = (): void => {
    say(`waiting for another process that installs ${name}`);
  };
  const isDone = (): boolean => existsSync(folder);
  if (!isDone()) {
    // Nothing is compiled: the builds of Go servers, each of which takes minutes, need not be waited for.
    await withBuildLock(join(cacheDirectory(), 'installing.lock'), { onWait, isDone }, () =>
      install(name, { folder, python: base.command, requirementsFile }),
    );
  }
  return join(folder, 'bin', 'python');
}

interface Installation {
  readonly folder: string;
  readonly python: string;
  readonly requirementsFile: string;
}

async function install(name: string, { folder, python: command, requirementsFile }: Installation): Promise<void> {
  say(`installing ${name} for Python, usually 20 s`);
  const draft = mkdtempSync(join(cacheDirectory(), `.draft-${name}-`));
  sharedWatchdog().trackDirectory(draft);
  const options = { env: environment(), timeoutSeconds: INSTALL_SECONDS };
  try {
    await runCommand(command, ['-m', 'venv', draft], options).catch((error: unknown) => {
      throw new Error(`${name} needs Python's venv module with pip (Debian and Ubuntu: apt-get install python3-venv)`, {
        cause: error,
      });
    });
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:'];
    await runCommand(join(draft, 'bin', 'python'), [...pip, '-r', requirementsFile], options);
    // Scripts in bin/ keep the draft's path and are not used; python itself finds its environment wherever it is.
    renameSync(draft, folder);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    throw error;
  }
}

async function python(): Promise<{ readonly command: string; readonly version: string }> {
  const command = 'python3';
  const { stdout } = await runCommand(command, ['--version'], { env: environment() }).catch((error: unknown) => {
    throw new Error('python3 is not on the PATH: install Python 3.9 or later', { cause: error });
  });
  const [version, major, minor] = /(\d+)\.(\d+)/.exec(stdout) ?? [];
  if (version === undefined || Number(major) !== 3 || Number(minor) < OLDEST_MINOR) {
    throw new Error(`python3 is ${stdout.trim()}: Python 3.9 or later is needed`);
  }
  return { command, version };
}

function environment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]): [string, string][] =>
      value === undefined || name.startsWith('PYTHON') ? [] : [[name, value]],
    ),
  );
}
