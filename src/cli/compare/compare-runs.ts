// SPDX-License-Identifier: Apache-2.0
import { parseProvenanceRecord } from '../../api/v1alpha1/parsing/parse.ts';
import type { ProvenanceRecord } from '../../api/v1alpha1/provenance-record/schema.ts';
import type { RecordedArtifact } from '../../evidence/artifact.ts';
import { fromEvidenceArtifact } from '../../evidence/evidence-artifact.ts';
import { EvidenceError } from '../../evidence/evidence-error.ts';
import { objectField, stringField } from '../../json/fields.ts';
import { tryParseJson } from '../../json/try-parse-json.ts';
import { hallmarkResource } from '../../kube/hallmark-resource.ts';
import type { KubeClient } from '../../kube/kube-client.ts';
import { parseMetadata } from '../../kube/object-metadata.ts';
import { metadataOnly } from '../../kube/resource.ts';
import { runResources } from '../../kube/tekton-resources.ts';
import { CHAINS_PREFIX, CHAINS_SIGNED } from '../../tekton/chains-names.ts';
import { UncheckedError } from '../cli-error.ts';
import { annotatedPayload, type AnnotatedRun, type ChainsPayload } from './chains-payloads.ts';
import { comparePayloads, type Difference } from './compare-payloads.ts';
import { isShallow } from './is-shallow.ts';

/**
 * The outcome for one artifact. `Intended`: it differs only as docs/compatibility.md says. `Missing`: one of the two has none. `Unknown`: it
 * could not be compared.
 */
export type ComparisonState = 'Same' | 'Intended' | 'Differs' | 'Missing' | 'Unknown';

export interface Comparison {
  readonly run: { readonly kind: string; readonly namespace: string; readonly name: string };
  /** Absent where there is no record. */
  readonly policy?: string;
  readonly artifact?: string;
  readonly state: ComparisonState;
  /** The place of Chains' payload. */
  readonly place?: string;
  /** The reason for `Missing` and `Unknown`. */
  readonly message?: string;
  readonly differences?: readonly Difference[];
  /** Warnings of the evidence, which may be the reason for a difference. */
  readonly warnings?: readonly string[];
}

export interface ComparisonScope {
  /** Undefined for every namespace. */
  readonly namespace: string | undefined;
  readonly policy?: string | undefined;
  /** Runs that finished earlier are left out. */
  readonly since: Date;
  /** Payloads in registries; absent where only annotations count. */
  readonly registries?: { readonly of: (artifact: RecordedArtifact) => Promise<readonly ChainsPayload[]> } | undefined;
  readonly signal: AbortSignal;
}

type Client = Pick<KubeClient, 'list' | 'find'>;

const RECORDS = {
  ...hallmarkResource('ProvenanceRecord'),
  parse: (object: unknown) => ({ object, read: parseProvenanceRecord(object) }),
};

/** Compares what records hold with what Chains stored, record by record, and then finds the runs that have no record. @throws KubeError */
export async function* compareRuns(
  client: Client,
  scope: ComparisonScope,
): AsyncGenerator<Comparison, void, undefined> {
  const { namespace, signal, since, policy } = scope;
  const seenRecords = new Set<string>();
  const recorded = new Set<string>();
  for await (const { object, read } of client.list(RECORDS, { namespace, signal })) {
    if (!read.ok) {
      const { uid, comparison } = unreadRecord(object, read.message);
      recorded.add(uid);
      if (policy === undefined || policy === comparison.policy) yield comparison;
      continue;
    }
    const { metadata, spec } = read.value;
    recorded.add(spec.runRef.uid);
    const isOther = policy !== undefined && spec.policyRef.name !== policy;
    // A list that has to start again repeats its first objects.
    if (isOther || seenRecords.has(metadata.uid) || Date.parse(spec.completionTime) < since.getTime()) continue;
    seenRecords.add(metadata.uid);
    yield* compareRecord(client, read.value, scope);
  }
  // The records of other policies do not tell if this one has any.
  if (policy === undefined) yield* unrecordedRuns(client, recorded, scope);
}

/** A record that cannot be parsed, such as one of a later version: its run is not missing. */
function unreadRecord(object: unknown, why: string): { readonly uid: string; readonly comparison: Comparison } {
  const { namespace = '', name: record } = parseMetadata(object);
  const spec = objectField(object, 'spec');
  const ref = objectField(spec, 'runRef');
  const policy = stringField(objectField(spec, 'policyRef'), 'name');
  const run = { kind: stringField(ref, 'kind') ?? 'run', namespace, name: stringField(ref, 'name') ?? '?' };
  const message = `ProvenanceRecord ${record} cannot be read: ${why}`;
  return {
    uid: stringField(ref, 'uid') ?? '',
    comparison: { run, ...(policy === undefined ? {} : { policy }), state: 'Unknown', message },
  };
}

async function* compareRecord(
  client: Client,
  record: ProvenanceRecord,
  scope: ComparisonScope,
): AsyncGenerator<Comparison, void, undefined> {
  const { metadata, spec, evidence, status } = record;
  const { namespace } = metadata;
  const { kind, name, uid } = spec.runRef;
  const known = { run: { kind, namespace, name }, policy: spec.policyRef.name };
  const artifacts = evidence?.artifacts ?? [];
  if (artifacts.length === 0) {
    const message = evidence?.problem?.message ?? 'the record has no payload yet';
    yield { ...known, state: 'Unknown', message };
    return;
  }
  const found = await client.find(metadataOnly(runResources[kind], parseMetadata), { namespace, name }, scope);
  const run = found?.uid === uid ? { kind, uid, annotations: found.annotations } : undefined;
  for (const recordedArtifact of artifacts) {
    const places = (status?.storage ?? []).flatMap(({ locations = [] }) =>
      locations.filter(({ artifact }) => artifact === recordedArtifact.name).map(({ uri }) => uri),
    );
    const ours = { onRun: places.some(isOnRun), inRegistry: places.some(isInRegistry) };
    const of = { ...known, artifact: recordedArtifact.name };
    try {
      const artifact = fromEvidenceArtifact(recordedArtifact);
      yield { ...of, ...(await compareArtifact(artifact, { run, ours }, scope)) };
    } catch (error) {
      scope.signal.throwIfAborted();
      if (!(error instanceof EvidenceError || error instanceof UncheckedError)) throw error;
      yield { ...of, state: 'Unknown', message: error.message };
    }
  }
}

/** The places where Hallmark's own evidence is, under the names that Chains uses. */
interface OwnPlaces {
  readonly onRun: boolean;
  readonly inRegistry: boolean;
}

function isOnRun(uri: string): boolean {
  return uri.startsWith('tekton://');
}

function isInRegistry(uri: string): boolean {
  return uri.startsWith('oci://');
}

type Result = Pick<Comparison, 'state' | 'place' | 'message' | 'differences' | 'warnings'>;

async function compareArtifact(
  artifact: RecordedArtifact,
  { run, ours }: { readonly run: AnnotatedRun | undefined; readonly ours: OwnPlaces },
  { registries }: ComparisonScope,
): Promise<Result> {
  if (artifact.form === 'SigstoreStatement')
    return { state: 'Intended', message: 'Chains makes no statements about images for bundles' };
  // Hallmark and Chains use the same names.
  const annotated = run === undefined || ours.onRun ? undefined : annotatedPayload(run, artifact);
  if (annotated === undefined && registries !== undefined && ours.inRegistry)
    return {
      state: 'Unknown',
      message: "the registry holds Hallmark's evidence: compare records of a policy in Audit mode",
    };
  const candidates = annotated === undefined ? await registries?.of(artifact) : [annotated];
  const results = (candidates ?? []).map((candidate) => compared(artifact, candidate));
  const [best] = results.toSorted((one, other) => distance(one) - distance(other));
  if (best !== undefined) return best;
  if (registries !== undefined) return { state: 'Missing', message: 'Chains has none on the run and in the registry' };
  return withoutPayload(run, ours);
}

/** The outcome for a run whose annotations do not hold Chains' payload, where registries are not read. */
function withoutPayload(run: AnnotatedRun | undefined, { onRun }: OwnPlaces): Result {
  if (onRun) return { state: 'Unknown', message: "the annotations of the run hold Hallmark's evidence" };
  if (run === undefined) return { state: 'Unknown', message: 'the run is gone' };
  const signed = run.annotations[CHAINS_SIGNED];
  if (signed === 'true')
    return { state: 'Unknown', message: 'Chains stored it elsewhere: --registry looks in the registry of its image' };
  return {
    state: 'Missing',
    message: signed === 'failed' ? 'Chains gave up signing the run' : 'Chains has not signed the run',
  };
}

function compared(artifact: RecordedArtifact, { place, payload }: ChainsPayload): Result {
  // Everybody who may patch a run can write its annotations.
  if (!isShallow(payload)) return { state: 'Unknown', place, message: 'the payload nests deeper than any of Chains' };
  const chains = tryParseJson(payload);
  const hallmark = tryParseJson(artifact.payload);
  if (chains === undefined || hallmark === undefined)
    return { state: 'Unknown', place, message: 'the payload is not JSON' };
  const differences = comparePayloads(chains, hallmark);
  if (differences.length === 0) return { state: 'Same', place };
  const isIntended = differences.every(({ intended }) => intended !== undefined);
  const { warnings = [] } = artifact;
  const noted = warnings.length === 0 ? {} : { warnings };
  return { state: isIntended ? 'Intended' : 'Differs', place, differences, ...noted };
}

/** The payload with the fewest differences is that of the same run: an image has one of each run that names it. */
function distance({ state, differences = [] }: Result): number {
  return state === 'Unknown' ? Infinity : differences.length;
}

/** The runs that Chains signed and that have no record. */
async function* unrecordedRuns(
  client: Client,
  recorded: ReadonlySet<string>,
  { namespace, since, signal }: ComparisonScope,
): AsyncGenerator<Comparison, void, undefined> {
  const seen = new Set(recorded);
  for (const kind of ['PipelineRun', 'TaskRun'] as const) {
    for await (const run of client.list(metadataOnly(runResources[kind], signedRun), { namespace, signal })) {
      if (!run.isSigned || seen.has(run.uid) || Date.parse(run.creationTimestamp) < since.getTime()) continue;
      seen.add(run.uid);
      yield {
        run: { kind, namespace: run.namespace, name: run.name },
        state: 'Missing',
        message:
          'Chains signed it, and no record of Hallmark is there (--since leaves out runs that are older than the policy)',
      };
    }
  }
}

function signedRun(object: unknown) {
  const { namespace = '', name, uid, annotations, creationTimestamp } = parseMetadata(object);
  const isSigned = Object.keys(annotations).some((key) => key.startsWith(`${CHAINS_PREFIX}payload-`));
  return { namespace, name, uid, creationTimestamp, isSigned };
}
