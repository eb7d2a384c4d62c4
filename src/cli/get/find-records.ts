// SPDX-License-Identifier: Apache-2.0
import { parseProvenanceRecord } from '../../api/v1alpha1/parsing/parse.ts';
import type { EvidenceArtifact, ProvenanceRecord } from '../../api/v1alpha1/provenance-record/schema.ts';
import { fromEvidenceArtifact } from '../../evidence/evidence-artifact.ts';
import { EvidenceError } from '../../evidence/evidence-error.ts';
import { hallmarkResource } from '../../kube/hallmark-resource.ts';
import type { KubeClient } from '../../kube/kube-client.ts';
import { digestLabel, INDEXED_LABEL, subjectDigest } from '../../records/digest-labels.ts';
import type { GetTarget } from './get-target.ts';

/** A record as it was read, and as the cluster has it. */
export interface FoundRecord {
  readonly record: ProvenanceRecord;
  readonly object: unknown;
}

/** The place to search. */
export interface SearchScope {
  /** Undefined for every namespace. */
  readonly namespace: string | undefined;
  readonly signal: AbortSignal;
}

interface Selection {
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
}

const RESOURCE = hallmarkResource('ProvenanceRecord');

/** Finds the records of a run, an image or a name, in the order of their names. @throws KubeError */
export async function findRecords(
  client: Pick<KubeClient, 'list'>,
  target: Exclude<GetTarget, { readonly type: 'Tag' }>,
  scope: SearchScope,
): Promise<readonly FoundRecord[]> {
  const found = new Map<string, FoundRecord>();
  for (const selection of selectionsOf(target)) {
    for await (const object of client.list(RESOURCE, { ...scope, ...selection })) {
      const parsed = parseProvenanceRecord(object);
      if (!parsed.ok || !isAbout(parsed.value, target)) continue;
      const { namespace, name } = parsed.value.metadata;
      found.set(`${namespace}/${name}`, { record: parsed.value, object });
    }
  }
  return [...found].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, record]) => record);
}

/** The API server selects what it can, so that a search moves few objects. */
function selectionsOf(target: Exclude<GetTarget, { readonly type: 'Tag' }>): readonly Selection[] {
  switch (target.type) {
    case 'Run':
      return [{ fieldSelector: `spec.runRef.name=${target.name}` }];
    case 'Record':
      return [{ fieldSelector: `metadata.name=${target.name}` }];
    case 'Name':
      return [{ fieldSelector: `spec.runRef.name=${target.name}` }, { fieldSelector: `metadata.name=${target.name}` }];
    case 'Digest':
      // Records with too many subjects for labels, of an earlier version, or whose labels someone removed, tell only by their evidence.
      return [{ labelSelector: digestLabel(target.hex) }, { labelSelector: `!${INDEXED_LABEL}` }];
  }
}

function isAbout({ spec, evidence }: ProvenanceRecord, target: GetTarget): boolean {
  if (target.type === 'Run') return target.kinds.includes(spec.runRef.kind);
  if (target.type !== 'Digest') return true;
  return (evidence?.artifacts ?? []).some((artifact) => hasDigest(artifact, target.hex));
}

function hasDigest(artifact: EvidenceArtifact, hex: string): boolean {
  const { subjects = [], subjectCount } = artifact;
  const listed = subjects.map(subjectDigest);
  if (listed.some((digest) => digest?.hex === hex)) return true;
  if (subjects.length === subjectCount && !listed.includes(undefined)) return false;
  try {
    return fromEvidenceArtifact(artifact).subjects.some(({ digest }) => Object.values(digest).includes(hex));
  } catch (error) {
    // Evidence that cannot be read matches no digest.
    if (error instanceof EvidenceError) return false;
    throw error;
  }
}
