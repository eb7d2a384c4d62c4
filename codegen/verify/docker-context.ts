// SPDX-License-Identifier: Apache-2.0
/**
 * Select the files that a `.dockerignore` lets into the build context: the last pattern that matches a file, or a folder
 * above it, decides. https://docs.docker.com/build/concepts/context/#dockerignore-files
 */
export function dockerContext(ignoreFile: string, files: readonly string[]): readonly string[] {
  const lines = ignoreFile.split('\n').map((line) => line.trim());
  const rules = lines.filter((line) => line !== '' && !line.startsWith('#')).map(rule);
  return files.filter((file) => rules.findLast(({ pattern }) => pattern.test(file))?.isException ?? true);
}

/** Translate `*` and `**`, the only wildcards in use. */
function rule(line: string): { readonly pattern: RegExp; readonly isException: boolean } {
  const parts = line.replace(/^!/, '').split(/(\*\*\/|\*)/);
  const wildcards: Readonly<Record<string, string>> = { '**/': '(?:.*/)?', '*': '[^/]*' };
  const source = parts.map((part) => wildcards[part] ?? part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&')).join('');
  return { pattern: new RegExp(`^${source}(?:/|$)`), isException: line.startsWith('!') };
}
