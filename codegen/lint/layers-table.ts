// SPDX-License-Identifier: Apache-2.0
/** A folder of src/: a phrase for its content, and the folders that it may import. */
interface Layer {
  readonly holds: string;
  readonly imports: readonly string[];
}

/**
 * The Markdown table of docs/architecture.md: one row per folder.
 *
 * @throws Error when a folder may import one that is listed below it, so that the order of the rows is the order of layers
 */
export function layersTable(layers: Readonly<Record<string, Layer>>): string {
  const names = Object.keys(layers);
  const rows = Object.entries(layers).map(([name, { holds, imports }], index) => {
    const above = names.slice(0, index);
    const upward = imports.filter((imported) => !above.includes(imported));
    if (upward.length > 0) throw new Error(`${name} may import ${upward.join(', ')}: list it below them`);
    return `| \`${name}/\` | ${holds} | ${importsCell(imports, above)} |`;
  });
  return ['| folder of `src/` | holds | may import |', '| --- | --- | --- |', ...rows].join('\n');
}

/** Name the exceptions where they are fewer than the folders that may be imported. */
function importsCell(imports: readonly string[], above: readonly string[]): string {
  const code = (folders: readonly string[]): string => folders.map((name) => `\`${name}\``).join(', ');
  const others = above.filter((name) => !imports.includes(name));
  if (imports.length === 0) return 'nothing of ours';
  if (others.length >= imports.length / 2) return code(imports);
  return others.length === 0 ? 'all above' : `all above but ${code(others)}`;
}
