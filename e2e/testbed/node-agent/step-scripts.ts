// SPDX-License-Identifier: Apache-2.0
import type { Pod } from './pod.ts';

/**
 * The scripts of a Tekton pod's steps: path in the container to text. Tekton ships them, base64-encoded in here-documents, in the shell
 * command of an init container.
 */
export function stepScripts(pod: Pod): ReadonlyMap<string, string> {
  const shell = (pod.spec.initContainers ?? []).find(({ name }) => name === 'place-scripts')?.args?.[1] ?? '';
  const blocks = shell.matchAll(
    /^scriptfile="([^"\n]+)"\n[^\n]*\ncat > \$\{scriptfile\} << '_EOF_'\n([\s\S]*?)\n_EOF_$/gm,
  );
  return new Map([...blocks].map(([, path = '', text = '']) => [path, Buffer.from(text, 'base64').toString('utf8')]));
}
