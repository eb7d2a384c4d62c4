// SPDX-License-Identifier: Apache-2.0
import type { RunTarget } from '../driver.ts';
import type { AnnotatedRun } from './run-annotator.ts';

const KINDS = { taskruns: 'TaskRun', pipelineruns: 'PipelineRun' } as const;
const URI = /^tekton:\/\/([a-z0-9-]{1,63})\/(taskruns|pipelineruns)\/([a-z0-9.-]{1,253})\/([^/#?]{1,64})#([^#]{1,80})$/;

/** `tekton://<namespace>/<taskruns|pipelineruns>/<name>/<uid>#<ShortKey>`: one artifact in the annotations of one run. */
export function runLocationUri(run: RunTarget, key: string): string {
  return `tekton://${run.namespace}/${run.kind.toLowerCase()}s/${run.name}/${run.uid}#${key}`;
}

export function parseRunLocation(uri: string): { readonly run: AnnotatedRun; readonly key: string } | undefined {
  const [, namespace, plural, name, uid, key] = URI.exec(uri) ?? [];
  if (namespace === undefined || name === undefined || uid === undefined || key === undefined) return undefined;
  const kind = KINDS[plural === 'taskruns' ? 'taskruns' : 'pipelineruns'];
  return { run: { apiVersion: 'tekton.dev/v1', kind, namespace, name, uid }, key };
}
