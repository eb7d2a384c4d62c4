// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import type { Fault } from './fault.ts';

/** Puts the fault into every module loaded from now on. Loading a module fails when an edit no longer fits it. */
export function putBack({ name, edits }: Fault): void {
  registerHooks({
    load: (url, context, nextLoad) => {
      const loaded = nextLoad(url, context);
      const fileEdits = edits.filter(({ file }) => url.endsWith(`/src/${file}`));
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
