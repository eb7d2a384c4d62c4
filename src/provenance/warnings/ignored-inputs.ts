// SPDX-License-Identifier: Apache-2.0
import type { RunKind } from '../../api/v1alpha1/kinds.ts';
import { warning } from '../../api/v1alpha1/warning.ts';
import { isList, isMap } from '../../tekton/go/json-node.ts';
import { objectPart, textPart } from '../../tekton/param-value.ts';
import { quoted } from '../../tekton/quoted.ts';
import type { NamedValue } from '../../tekton/run.ts';
import { objectFault, typeName } from './ignored-outputs.ts';
import { placeholder } from '../redaction/redact-run.ts';

/** Warn about `*ARTIFACT_INPUTS` results that are not materials because of their form. */
export function ignoredObjectInputs(results: readonly NamedValue[], source: string): readonly string[] {
  return results.flatMap(({ name, value }) => {
    const fault = name.endsWith('ARTIFACT_INPUTS') ? objectFault(value) : undefined;
    if (fault === undefined) return [];
    const shown = objectPart(value)?.get('uri') ?? textPart(value);
    const named = `result ${quoted(name)} of ${source}${shown === '' ? '' : `, ${quoted(shown)}`}`;
    return [warning('InputIgnored', `${named}: ${fault}`)];
  });
}

const gitURL = 'CHAINS-GIT_URL';
const gitCommit = 'CHAINS-GIT_COMMIT';

/**
 * Warn about a git source that is not a material because one half is missing or not a string; later lists override
 * earlier ones. The reference states the commit of a TaskRun without its URL, but not that of a PipelineRun.
 */
export function ignoredGitInputs(
  kind: RunKind,
  sources: readonly (readonly NamedValue[])[],
  source: string,
): readonly string[] {
  const last = new Map<string, NamedValue>();
  for (const given of sources.flat()) {
    if (given.name === gitURL || given.name === gitCommit) last.set(given.name, given);
  }
  const odd = [...last.values()].filter(({ value }) => isList(value) || isMap(value));
  if (odd.length > 0) {
    return odd.map(({ name, value }) =>
      warning('InputIgnored', `${quoted(name)} of ${source} is ${typeName(value)}: write a string`),
    );
  }
  const [url, commit] = [gitURL, gitCommit].map((name) => textPart(last.get(name)?.value));
  if (url === undefined || commit === undefined || url.includes(placeholder) || commit.includes(placeholder)) return [];
  if ((url === '') === (commit === '') || (commit !== '' && kind === 'TaskRun')) return [];
  const [there, lacking] = url === '' ? [gitCommit, gitURL] : [gitURL, gitCommit];
  const text = `${quoted(there)} of ${source} is ${quoted(url || commit)} and ${quoted(lacking)} has no value: give both`;
  return [warning('InputIgnored', text)];
}
