// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { registerHooks, type ModuleHooks } from 'node:module';
import type { Fault } from './fault.ts';

const sources = new URL('../../', import.meta.url).href;

/**
 * Puts the fault into the modules under `src/` that are imported from now on, until the hooks are deregistered. They are copies
 * for this fault alone, whatever was imported before. Importing a module fails when an edit no longer fits it.
 */
export function putBack({ name, edits }: Fault): ModuleHooks {
  return registerHooks({
    resolve: (specifier, context, nextResolve) => {
      const resolved = nextResolve(specifier, context);
      return resolved.url.startsWith(sources) ? { ...resolved, url: `${resolved.url}?fault=${name}` } : resolved;
    },
    load: (url, context, nextLoad) => {
      const loaded = nextLoad(url, context);
      const fileEdits = edits.filter(({ file }) => url === `${sources}${file}?fault=${name}`);
      if (fileEdits.length === 0) return loaded;
      const source = fileEdits.reduce((text, edit) => edited(name, text, edit), readFileSync(new URL(url), 'utf8'));
      return { ...loaded, source };
    },
  });
}

function edited(name: string, text: string, { file, from, to }: Fault['edits'][number]): string {
  const parts = text.split(from);
  if (parts.length !== 2)
    throw new Error(`the fault "${name}" does not fit ${file} any more: it has ${parts.length - 1} times ${from}`);
  return parts.join(to);
}
