// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BuildRecipe } from './catalog.ts';

/** A short hash over all that decides what a build gives: its Go files, `go.mod`, `go.sum`, the linker's variables, the build tags and changes to a module. */
export function recipeHash(recipe: BuildRecipe, folder: string): string {
  const { package: of = '.', variables = {}, tags, mending } = recipe;
  const inputs = [of, variables, ...[tags, mending].filter((input) => input !== undefined)];
  const hash = createHash('sha256').update(JSON.stringify(inputs));
  for (const file of readdirSync(folder).sort()) {
    if (!/\.go$|^go\.(mod|sum)$/.test(file)) continue;
    hash.update(`\0${file}\0`).update(readFileSync(join(folder, file)));
  }
  return hash.digest('hex').slice(0, 12);
}
