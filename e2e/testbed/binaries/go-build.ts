// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Watchdog } from '../processes/watchdog.ts';
import type { BuildRecipe } from './catalog.ts';
import { requireGo } from './go-toolchain.ts';
import { mendModule } from './mended-module.ts';

/** The environment of all builds. Compilers live for seconds: they collect what they no longer need seldom, unless they become large. */
const environment = { CGO_ENABLED: '0', GOWORK: 'off', GOGC: '400', GOMEMLIMIT: '2GiB' };
/** These programs are not debugged: what debuggers read takes a fifth of the time of a build. */
const compilerFlags = ['-gcflags=all=-dwarf=false'];
/** Inlining takes another fifth. The standard library is the same for all, so that it is compiled once. */
const quickFlags = ['-gcflags=all=-dwarf=false -l', '-gcflags=std=-dwarf=false'];

/** Builds a recipe's folder into the file `output`; fails with the last lines of go's output. */
export async function goBuild(recipe: BuildRecipe, folder: string, output: string, watchdog: Watchdog): Promise<void> {
  await requireGo(folder);
  if (recipe.mending === undefined) return runGo(recipe, folder, buildArguments(recipe, output), watchdog);
  const target = mkdtempSync(join(dirname(dirname(output)), `.mended-${recipe.name}-`));
  watchdog.trackDirectory(target);
  try {
    const modfile = await mendModule(folder, recipe.mending, target);
    await runGo(recipe, folder, buildArguments(recipe, output, modfile), watchdog);
  } finally {
    rmSync(target, { recursive: true, force: true });
  }
}

async function runGo(recipe: BuildRecipe, folder: string, args: readonly string[], watchdog: Watchdog): Promise<void> {
  const child = spawn('go', args, {
    cwd: folder,
    detached: true,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (child.pid !== undefined) watchdog.trackGroup(child.pid);
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-4000);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('close', resolve);
    child.once('error', reject);
  });
  if (child.pid !== undefined) watchdog.untrackGroup(child.pid);
  if (code !== 0)
    throw new Error(`go build of ${recipe.name} ${recipe.version} failed in ${folder}:\n${complaint.trim()}`);
}

function buildArguments(recipe: BuildRecipe, output: string, modfile?: string): readonly string[] {
  const variables = Object.entries(recipe.variables ?? {}).map(([name, value]) => `-X ${name}=${value}`);
  const ldflags = ['-s', '-w', ...variables].join(' ');
  return [
    'build',
    '-mod=readonly',
    ...(modfile === undefined ? [] : [`-modfile=${modfile}`]),
    '-buildvcs=false',
    '-trimpath',
    ...(recipe.isMuchUsed === true ? compilerFlags : quickFlags),
    ...(recipe.tags === undefined ? [] : ['-tags', recipe.tags]),
    '-ldflags',
    ldflags,
    '-o',
    output,
    recipe.package ?? '.',
  ];
}
