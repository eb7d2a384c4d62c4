// SPDX-License-Identifier: Apache-2.0
import { textPart } from '../param-value.ts';
import type { NamedValue } from '../run.ts';

export interface GitSource {
  readonly uri: string;
  readonly commit: string;
}

/**
 * The source that `CHAINS-GIT_URL` and `CHAINS-GIT_COMMIT` name, the later list overriding the earlier one. As in the
 * reference, a commit without URL gives `git+.git` for a TaskRun or a step.
 */
export function taskGitSource(...sources: readonly (readonly NamedValue[])[]): GitSource | undefined {
  const { url, commit } = lastValues(sources);
  return commit === '' ? undefined : { uri: gitUri(url), commit };
}

/** The same for a PipelineRun, where both values must be there. */
export function pipelineGitSource(...sources: readonly (readonly NamedValue[])[]): GitSource | undefined {
  const { url, commit } = lastValues(sources);
  return url === '' || commit === '' ? undefined : { uri: gitUri(url), commit };
}

function lastValues(sources: readonly (readonly NamedValue[])[]): { url: string; commit: string } {
  const found = { url: '', commit: '' };
  for (const { name, value } of sources.flat()) {
    if (name === 'CHAINS-GIT_URL') found.url = textPart(value);
    if (name === 'CHAINS-GIT_COMMIT') found.commit = textPart(value);
  }
  return found;
}

/** The SPDX form of a git URL: `git+` in front and `.git` behind, each unless there already. */
export function gitUri(url: string): string {
  const prefixed = url.startsWith('git+') ? url : `git+${url}`;
  return prefixed.endsWith('.git') ? prefixed : `${prefixed}.git`;
}
