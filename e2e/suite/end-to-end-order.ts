// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalog } from '../testbed/binaries/catalog.ts';
import { missingRecipes } from '../testbed/binaries/ensure-binary.ts';
import { fileOrder, shuffled, type FileTraits } from './file-order.ts';
import type { ImportGraph } from '../../codegen/verify/import-graph.ts';

/** The recorded seconds of each file, by its path. */
export const recordPath = 'e2e/suite/expected-seconds.json';

/** Modules that know every command or kind of control plane, whatever is used of it. */
const indifferent = new Set([
  'e2e/testbed/binaries/catalog.ts',
  'e2e/testbed/pool/install-layer.ts',
  'e2e/testbed/pool/plane-layer.ts',
  'e2e/testbed/tekton/tekton.ts',
  'e2e/testbed/testbed.ts',
]);
/** The kinds of control planes, in the order in which files use them. */
const planeKinds = ['installation', 'tekton', 'kinds', 'hallmark-kinds', 'plain'] as const;
type PlaneKind = (typeof planeKinds)[number];
const usesTekton: ReadonlySet<PlaneKind> = new Set(['installation', 'tekton']);
/** Recipes that `Testbed` builds for an installation. */
const installation = ['tekton', 'cosign', 'helm'];

/** The order in which end-to-end files run: see fileOrder, or shuffled by a seed. */
export function endToEndOrder(
  root: string,
  files: readonly string[],
  { graph, seed }: { readonly graph: ImportGraph; readonly seed: number | undefined },
): readonly string[] {
  if (seed !== undefined) return shuffled(files, seed);
  const expected = recordedSeconds(root);
  const missing = new Set(missingRecipes().map(({ name }) => name));
  return fileOrder(files.map((file) => traits(file, { graph, expected, missing })));
}

/** The record of earlier runs; empty without one. */
export function recordedSeconds(root: string): ReadonlyMap<string, number> {
  const recorded: unknown = JSON.parse(readFileSync(join(root, recordPath), 'utf8'));
  if (recorded === null || typeof recorded !== 'object') throw new Error(`${recordPath} holds no object`);
  return new Map(Object.entries(recorded).map(([file, seconds]) => [file, Number(seconds)]));
}

interface Facts {
  readonly graph: ImportGraph;
  readonly expected: ReadonlyMap<string, number>;
  /** Names of recipes whose binaries are not built yet. */
  readonly missing: ReadonlySet<string>;
}

function traits(file: string, { graph, expected, missing }: Facts): FileTraits {
  const modules = [...graph.closure(file)].filter((path) => path.startsWith('e2e/') && !indifferent.has(path));
  const kind = planeKind(modules, graph);
  const needed = catalog.findLastIndex(
    (recipe) =>
      missing.has(recipe.name) &&
      ((usesTekton.has(kind) && installation.includes(recipe.name)) ||
        recipe.commands.some((command) => modules.some((path) => graph.text(path).includes(`'${command}'`)))),
  );
  return { file, seconds: expected.get(file), plane: planeKinds.indexOf(kind), waitsFor: needed + 1 };
}

/** The kind of control plane that the modules of a file ask for. */
function planeKind(modules: readonly string[], graph: ImportGraph): PlaneKind {
  const says = (words: RegExp): boolean => modules.some((path) => words.test(graph.text(path)));
  if (says(/\btekton: 'Kinds'/)) return 'kinds';
  if (says(/\b(?:tekton|chartKinds): true\b/)) return 'tekton';
  if (modules.includes('e2e/harness/installation.ts')) return 'installation';
  return says(/'hallmark-kinds'/) ? 'hallmark-kinds' : 'plain';
}
