// SPDX-License-Identifier: Apache-2.0
import { field, listField, objectField, stringField } from '../../json/fields.ts';
import { hallmarkResource } from '../../kube/hallmark-resource.ts';
import type { KubeClient } from '../../kube/kube-client.ts';
import { isNotServed } from '../../kube/kube-error.ts';
import { CHAINS_FINALIZERS, CHAINS_PREFIX, CHAINS_TRANSPARENCY_UPLOAD } from '../../tekton/chains-names.ts';
import type { RunTraces } from './run-traces.ts';

/** Traces of Tekton Chains: its finalizers, and its annotations where they are to go too and are not those of Hallmark. */
export async function chainsTraces(
  client: Pick<KubeClient, 'list'>,
  options: {
    readonly annotations: boolean;
    readonly namespace: string | undefined;
    readonly signal: AbortSignal;
  },
): Promise<RunTraces> {
  const keepers = options.annotations ? await runsThatHallmarkAnnotated(client, options) : new Set<string>();
  return {
    isFinalizer: (name) => CHAINS_FINALIZERS.has(name),
    // A record may be younger than the list of records, or gone: the API server knows who wrote an annotation of this very version.
    isAnnotation: (name, { uid, ours }) =>
      options.annotations &&
      name.startsWith(CHAINS_PREFIX) &&
      name !== CHAINS_TRANSPARENCY_UPLOAD &&
      !keepers.has(uid) &&
      ![...ours].some((own) => own.startsWith(CHAINS_PREFIX)),
    words: {
      before: 'has traces of Tekton Chains',
      after: 'is clean',
      still: 'still has traces of Tekton Chains',
      summary: (isDryRun, cleaned, failed) =>
        isDryRun
          ? `${cleaned} runs have traces of Tekton Chains`
          : `${cleaned} runs are clean, ${failed} still have traces of Tekton Chains`,
    },
  };
}

/** The UIDs of runs whose annotations hold evidence of Hallmark, or say that it is stored: the names are the same. */
async function runsThatHallmarkAnnotated(
  client: Pick<KubeClient, 'list'>,
  { namespace, signal }: { readonly namespace: string | undefined; readonly signal: AbortSignal },
): Promise<ReadonlySet<string>> {
  const uids = new Set<string>();
  const resource = { ...hallmarkResource('ProvenanceRecord'), parse: annotatedRun };
  try {
    for await (const uid of client.list(resource, { namespace, signal })) if (uid !== undefined) uids.add(uid);
  } catch (error) {
    // Without Hallmark there are no records.
    if (!isNotServed(error)) throw error;
  }
  return uids;
}

/** The UID of the run that a record annotates, or may annotate yet. */
function annotatedRun(record: unknown): string | undefined {
  const status = objectField(record, 'status');
  const holdsEvidence = listField(status, 'storage').some((entry) =>
    listField(entry, 'locations').some((location) => (stringField(location, 'uri') ?? '').startsWith('tekton://')),
  );
  const saysSo = listField(status, 'conditions').some((condition) => field(condition, 'type') === 'RunAnnotated');
  if (!holdsEvidence && !saysSo) return undefined;
  return stringField(objectField(objectField(record, 'spec'), 'runRef'), 'uid');
}
