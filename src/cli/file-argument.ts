// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';

/** Tells a file argument, `-` being standard input, from the name of an object in the cluster. */
export function isFileArgument(text: string): boolean {
  return text === '-' || /\.(ya?ml|json)$/.test(text) || existsSync(text);
}
