// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import type { LaneFault } from './lanes/lane-faults.fixture.ts';

/**
 * Loads the modules below this folder again, with the fault in them; modules loaded before stay as they are.
 * @throws Error when the edits no longer fit the sources
 */
export async function withFault<T>({ name, edits }: LaneFault, load: () => Promise<T>): Promise<T> {
  const query = `?fault=${encodeURIComponent(name)}`;
  const unused = new Set(edits);
  const here = new URL('.', import.meta.url).href;
  const hooks = registerHooks({
    resolve: (specifier, context, nextResolve) => {
      const resolved = nextResolve(specifier, context);
      return resolved.url.startsWith(here) ? { ...resolved, url: resolved.url.replace(/\?.*$/, '') + query } : resolved;
    },
    load: (url, context, nextLoad) => {
      const loaded = nextLoad(url, context);
      const ofFile = edits.filter(({ file }) => url === `${here}${file}${query}`);
      if (ofFile.length === 0) return loaded;
      for (const edit of ofFile) unused.delete(edit);
      return { ...loaded, source: ofFile.reduce(edited, readFileSync(new URL(url), 'utf8')) };
    },
  });
  try {
    const loaded = await load();
    for (const { file } of unused) throw new Error(`the fault edits ${file}, which is not loaded`);
    return loaded;
  } finally {
    hooks.deregister();
  }
}

function edited(text: string, { file, from, to }: LaneFault['edits'][number]): string {
  const parts = text.split(from);
  if (parts.length !== 2)
    throw new Error(`the fault no longer fits ${file}, which has ${parts.length - 1} times ${from}`);
  return parts.join(to);
}
