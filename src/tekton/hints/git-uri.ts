// SPDX-License-Identifier: Apache-2.0
/** The SPDX form of a git URL: `git+` in front and `.git` behind, each unless there already. */
export function gitUri(url: string): string {
  const prefixed = url.startsWith('git+') ? url : `git+${url}`;
  return prefixed.endsWith('.git') ? prefixed : `${prefixed}.git`;
}
