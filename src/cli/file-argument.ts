// SPDX-License-Identifier: Apache-2.0
import { statSync } from 'node:fs';

/** Tells a file argument, `-` being standard input, from the name of an object in the cluster, which a folder may have, too. */
export function isFileArgument(text: string): boolean {
  return (
    text === '-' || /\.(ya?ml|json)$/.test(text) || statSync(text, { throwIfNoEntry: false })?.isDirectory() === false
  );
}
