// SPDX-License-Identifier: Apache-2.0

/** The kinds of what kept a process alive when the tests of a file had ended, one for each (`process.getActiveResourcesInfo`). */
export interface OpenResources {
  readonly file: string;
  readonly resources: readonly string[];
}

/**
 * Names what keeps a process alive, and after which file it was first there and stayed. The first entry is how the process
 * was before its first file, the last one how it is now.
 */
export function firstOpenAfter(history: readonly OpenResources[]): string {
  const [first, last] = [history[0], history.at(-1)];
  if (first === undefined || last === undefined) return 'nothing is known of it';
  const kinds = [...new Set(last.resources)].filter((kind) => count(last, kind) > count(first, kind));
  const texts = kinds.map((kind) => {
    const before = history.findLastIndex((entry) => count(entry, kind) <= count(first, kind));
    return `${kind} of ${history[before + 1]?.file ?? ''}`;
  });
  return texts.length === 0 ? `something of ${last.file} that began later` : texts.join(', ');
}

function count({ resources }: OpenResources, kind: string): number {
  return resources.filter((resource) => resource === kind).length;
}
