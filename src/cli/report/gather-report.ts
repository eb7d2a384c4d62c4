// SPDX-License-Identifier: Apache-2.0
import { parseProvenanceRecord } from '../../api/v1alpha1/parsing/parse.ts';
import { field } from '../../json/fields.ts';
import { hallmarkResource } from '../../kube/hallmark-resource.ts';
import type { KubeClient } from '../../kube/kube-client.ts';
import { isForbidden } from '../../kube/kube-error.ts';
import type { Resource } from '../../kube/resource.ts';
import { runResources } from '../../kube/tekton-resources.ts';
import { rfc3339Seconds } from '../../api/v1alpha1/fields/date-time.ts';
import { summariseRun } from '../../tekton/run-summary.ts';
import { gatherPipelines } from '../gather-pipelines.ts';
import type { CoverageReport } from './coverage-report.ts';
import { Coverage } from './coverage.ts';

export interface ReportScope {
  /** Undefined for every namespace. */
  readonly namespace: string | undefined;
  readonly operatorNamespace: string;
  readonly now: Date;
  readonly signal: AbortSignal;
}

/** Reads policies, records and runs page by page, and counts them. @throws KubeError, also if records may not be read */
export async function gatherReport(
  client: Pick<KubeClient, 'find' | 'listAll' | 'pages'>,
  scope: ReportScope,
): Promise<CoverageReport> {
  const { namespace, now } = scope;
  const { pipelines, unread } = await gatherPipelines(client, scope);
  const coverage = new Coverage(pipelines, now);
  // Without records, every run would look as if it waited for one.
  await readAll(client, hallmarkResource('ProvenanceRecord'), scope, (object) => {
    const parsed = parseProvenanceRecord(object);
    if (parsed.ok) coverage.addRecord(parsed.value);
  });
  const more: string[] = [];
  for (const resource of [runResources.TaskRun, runResources.PipelineRun]) {
    const reading = readAll(client, resource, scope, (object) => {
      const run = summariseRun(object);
      if (run !== undefined) coverage.addRun(run);
    });
    await reading.catch((error: unknown) => {
      if (!isForbidden(error)) throw error;
      more.push(resource.kind);
    });
  }
  const generatedAt = rfc3339Seconds(now);
  const place = namespace === undefined ? {} : { namespace };
  return { generatedAt, ...place, unread: [...unread, ...more], namespaces: coverage.namespaces };
}

/** Hands out each object once: a list that has to start again repeats its first objects. */
async function readAll(
  client: Pick<KubeClient, 'pages'>,
  resource: Resource<unknown>,
  { namespace, signal }: ReportScope,
  add: (object: unknown) => void,
): Promise<void> {
  const seen = new Set<unknown>();
  for await (const { items } of client.pages(resource, { namespace, signal })) {
    for (const item of items) {
      const uid = field(field(item, 'metadata'), 'uid');
      if (!seen.has(uid)) add(item);
      seen.add(uid);
    }
  }
}
