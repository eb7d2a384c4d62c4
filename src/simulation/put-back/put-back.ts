// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import type { Fault } from './fault.ts';

/** Has modules that are loaded from now on contain the fault. @throws Error from the load of a module that its edits do not fit any more */
export function putBack({ name, edits }: Fault): void {
  registerHooks({
    load: (url, context, nextLoad) => {
      const loaded = nextLoad(url, context);
      const ofFile = edits.filter(({ file }) => url.endsWith(`/src/${file}`));
      if (ofFile.length === 0) return loaded;
      const source = ofFile.reduce((text, edit) => edited(name, text, edit), readFileSync(new URL(url), 'utf8'));
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
