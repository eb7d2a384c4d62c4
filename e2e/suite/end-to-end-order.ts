// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalog } from '../testbed/binaries/catalog.ts';
import { missingRecipes } from '../testbed/binaries/ensure-binary.ts';
import { buildOrder } from './build-order.ts';
import { fileOrder, shuffled, unknownSeconds } from './file-order.ts';
import type { ImportGraph } from '../../codegen/verify/import-graph.ts';

/** The recorded seconds of each file, by its path. */
export const recordPath = 'e2e/suite/expected-seconds.json';

/** Modules that know every command or kind of control plane, whatever is used of it. */
const indifferent = new Set([
  'e2e/testbed/binaries/catalog.ts',
  'e2e/testbed/cosign/cosign.ts',
  'e2e/testbed/pool/install-layer.ts',
  'e2e/testbed/pool/plane-layer.ts',
  'e2e/testbed/tekton/tekton.ts',
  'e2e/testbed/testbed.ts',
]);
/** The kinds of control planes, in the order in which files use them. */
const planeKinds = ['installation', 'tekton', 'kinds', 'hallmark-kinds', 'plain'] as const;
type PlaneKind = (typeof planeKinds)[number];
/** A call that builds the commands that it names, or others that its module names elsewhere. */
const ensuring = /\bensureBinar(?:y|ies)\([^)]*\)/g;
const quoted = /'[\w-]+'/g;
/** Words that have a control plane started or borrowed. */
const planeUse = /\b(?:ControlPlane|Testbed)\.start\(/;
/** Words that have a recipe built by one of the indifferent modules. */
const asked: readonly (readonly [RegExp, string])[] = [
  [/\bcosign: true\b|\bCosign\.prepare\(/, 'cosign'],
  [/\bTekton\.start\(/, 'tekton'],
];
/** Recipes that `Testbed` builds without that a module of the file names their commands. */
const implied: Readonly<Record<PlaneKind, readonly string[]>> = {
  installation: ['tekton', 'cosign', 'helm'],
  tekton: ['tekton', 'cosign', 'helm'],
  kinds: ['cosign', 'helm'],
  'hallmark-kinds': [],
  plain: [],
};

/** The facts about files that decide their order. */
export interface FileKnowledge {
  readonly graph: ImportGraph;
  /** Seconds that each file takes, by its path. */
  readonly expected: ReadonlyMap<string, number>;
}

/** The order in which end-to-end files run: see fileOrder, or shuffled by a seed. */
export function endToEndOrder(
  files: readonly string[],
  { graph, expected, seed }: FileKnowledge & { readonly seed: number | undefined },
): readonly string[] {
  if (seed !== undefined) return shuffled(files, seed);
  const builds = endToEndBuilds(files, { graph, expected });
  return fileOrder(
    files.map((file) => {
      const { kind, needs } = wantsOf(file, graph);
      const waitsFor = builds.findLastIndex((name) => needs.has(name)) + 1;
      const plane = kind === undefined ? undefined : planeKinds.indexOf(kind);
      return { file, seconds: expected.get(file), plane, waitsFor };
    }),
  );
}

/** The servers that are not there yet, in the order in which these files are best served. */
export function endToEndBuilds(files: readonly string[], { graph, expected }: FileKnowledge): readonly string[] {
  const recipes = missingRecipes();
  if (recipes.length === 0) return [];
  const needy = files.map((file) => ({
    seconds: expected.get(file) ?? unknownSeconds,
    needs: wantsOf(file, graph).needs,
  }));
  return buildOrder(needy, recipes);
}

/** The record of earlier runs; empty without one. */
export function recordedSeconds(root: string): ReadonlyMap<string, number> {
  const recorded: unknown = JSON.parse(readFileSync(join(root, recordPath), 'utf8'));
  if (recorded === null || typeof recorded !== 'object') throw new Error(`${recordPath} holds no object`);
  return new Map(Object.entries(recorded).map(([file, seconds]) => [file, Number(seconds)]));
}

/** The control plane and the servers that a file asks for. */
interface Wants {
  readonly kind: PlaneKind | undefined;
  /** Names of recipes. */
  readonly needs: ReadonlySet<string>;
}

function wantsOf(file: string, graph: ImportGraph): Wants {
  const modules = [...graph.closure(file)].filter((path) => path.startsWith('e2e/') && !indifferent.has(path));
  const texts = modules.map((path) => graph.text(path));
  const ensured = new Set(texts.flatMap(ensuredBy));
  const named = catalog.filter(({ commands }) => commands.some((command) => ensured.has(`'${command}'`)));
  const started = asked.filter(([words]) => texts.some((text) => words.test(text))).map(([, name]) => name);
  const kind = planeKind(texts, modules);
  const further = kind === undefined ? [] : implied[kind];
  return { kind, needs: new Set([...named.map(({ name }) => name), ...started, ...further]) };
}

/** The commands that a module may have built, in quotation marks. */
function ensuredBy(text: string): readonly string[] {
  const calls = [...text.matchAll(ensuring)].map(([call]) => call.match(quoted) ?? []);
  // A call with a variable may mean whatever the module names.
  return calls.some((names) => names.length === 0) ? (text.match(quoted) ?? []) : calls.flat();
}

/** The kind of control plane that the modules of a file ask for; undefined if they ask for none. */
function planeKind(texts: readonly string[], modules: readonly string[]): PlaneKind | undefined {
  const says = (words: RegExp): boolean => texts.some((text) => words.test(text));
  if (says(/\btekton: 'Kinds'/)) return 'kinds';
  if (says(/\b(?:tekton|chartKinds): true\b/)) return 'tekton';
  if (modules.includes('e2e/harness/installation.ts')) return 'installation';
  if (says(/'hallmark-kinds'/)) return 'hallmark-kinds';
  return says(planeUse) ? 'plain' : undefined;
}
