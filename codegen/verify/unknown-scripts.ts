// SPDX-License-Identifier: Apache-2.0

/** List the scripts that a page has its readers run with npm, and package.json does not have. */
export function unknownScripts(page: string, scripts: ReadonlySet<string>): readonly string[] {
  const named = [...page.matchAll(/\bnpm run (?:--?[\w-]+ )*([\w:-]+)/g)].map(([, script = '']) => script);
  return [...new Set(named)].filter((script) => !scripts.has(script));
}
