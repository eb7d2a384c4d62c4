// SPDX-License-Identifier: Apache-2.0
import { textPart } from '../param-value.ts';
import type { NamedValue } from '../run.ts';

export interface GitSource {
  readonly uri: string;
  readonly commit: string;
}

/**
 * Read the source from `CHAINS-GIT_URL` and `CHAINS-GIT_COMMIT`; later lists override earlier ones. As in the
 * reference, a commit without a URL gives `git+.git` for a TaskRun or a step.
 */
export function taskGitSource(...sources: readonly (readonly NamedValue[])[]): GitSource | undefined {
  const { url, commit } = lastValues(sources);
  return commit === '' ? undefined : { uri: gitUri(url), commit };
}

/** The same for a PipelineRun, which needs both values. */
export function pipelineGitSource(...sources: readonly (readonly NamedValue[])[]): GitSource | undefined {
  const { url, commit } = lastValues(sources);
  return url === '' || commit === '' ? undefined : { uri: gitUri(url), commit };
}

function lastValues(sources: readonly (readonly NamedValue[])[]): { url: string; commit: string } {
  const last = { url: '', commit: '' };
  for (const { name, value } of sources.flat()) {
    if (name === 'CHAINS-GIT_URL') last.url = textPart(value);
    if (name === 'CHAINS-GIT_COMMIT') last.commit = textPart(value);
  }
  return last;
}

/** The SPDX form of a git URL: prefix `git+` and suffix `.git`, each added unless present. */
export function gitUri(url: string): string {
  const prefixed = url.startsWith('git+') ? url : `git+${url}`;
  return prefixed.endsWith('.git') ? prefixed : `${prefixed}.git`;
}
