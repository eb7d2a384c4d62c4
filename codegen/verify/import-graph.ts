// SPDX-License-Identifier: Apache-2.0
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/** The files of a checkout by path, and the files that each depends on. */
export class ImportGraph {
  readonly #texts = new Map<string, string>();
  readonly #imports = new Map<string, readonly string[]>();
  readonly #closures = new Map<string, ReadonlySet<string>>();

  /** Read every TypeScript file of these folders. */
  static read(root: string, folders: readonly string[]): ImportGraph {
    const graph = new ImportGraph();
    const files = globSync(
      folders.map((folder) => `${folder}/**/*.ts`),
      { cwd: root },
    );
    for (const file of files) graph.#texts.set(normalize(file), readFileSync(join(root, file), 'utf8'));
    for (const [file, text] of graph.#texts) graph.#imports.set(file, graph.#importsOf(file, text));
    return graph;
  }

  get files(): readonly string[] {
    return [...this.#texts.keys()];
  }

  /** The text of one of the files. */
  text(file: string): string {
    const text = this.#texts.get(file);
    if (text === undefined) throw new Error(`${file} is not a file of the graph`);
    return text;
  }

  /** The file and all its dependencies, direct and indirect. */
  closure(file: string): ReadonlySet<string> {
    const cached = this.#closures.get(file);
    if (cached !== undefined) return cached;
    const closure = new Set<string>();
    const open = [normalize(file)];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (closure.has(next)) continue;
      closure.add(next);
      open.push(...(this.#imports.get(next) ?? []));
    }
    this.#closures.set(file, closure);
    return closure;
  }

  /**
   * Find imports and files that are started as processes: both appear in quotes, relative to the file or to the
   * checkout.
   */
  #importsOf(file: string, text: string): readonly string[] {
    const quoted = [...text.matchAll(/['"`]([\w./-]+\.ts)['"`]/g)].map(([, path = '']) => path);
    const places = quoted.flatMap((path) => [join(dirname(file), path), normalize(path)]);
    const started = /['"]bin['"], ['"]hallmark['"]|bin\/hallmark/.test(text) ? [program] : [];
    return [...new Set([...places, ...started])].filter((path) => this.#texts.has(path));
  }
}

/** The module that `bin/hallmark` runs. */
const program = 'src/cli/main.ts';
