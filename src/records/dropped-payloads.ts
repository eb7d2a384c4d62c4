// SPDX-License-Identifier: Apache-2.0
import { MAX_PAYLOAD_LOCATIONS } from '../api/v1alpha1/provenance-record/evidence.ts';
import type { EvidenceArtifact, ProvenanceRecord, StorageEntry } from '../api/v1alpha1/provenance-record/schema.ts';
import { jsonSizeBytes } from '../json/json-size.ts';
import { isLastingLocation } from '../storage/is-lasting.ts';
import type { TrustedRecord } from './read-record.ts';
import { listsAllDigests } from './digest-labels.ts';
import { isStoredCompletely } from './stored-completely.ts';

/** A place that holds a payload which its record dropped. */
export type PayloadLocation = NonNullable<EvidenceArtifact['payloadLocations']>[number];

/**
 * The artifacts of a record without the payloads that it may drop; undefined when it may drop none. All backends must hold the evidence and
 * have given it back unchanged, and one that lasts must hold the payload: the artifact names it, under the seal, which a restored record keeps.
 * A payload stays that takes less room than the names of its places, or has more subjects than the record lists.
 */
export function withoutStoredPayloads(record: TrustedRecord): readonly EvidenceArtifact[] | undefined {
  const { spec, evidence } = record.object;
  const artifacts = evidence?.artifacts ?? [];
  if (spec.evidence !== 'UntilStored' || spec.mode === 'Audit') return undefined;
  if (artifacts.every(({ payload }) => payload === undefined)) return undefined;
  if (!isStoredCompletely(record) || !record.storage.every(isVerified)) return undefined;
  const lighter = artifacts.map((artifact) => withoutPayload(artifact, record.storage));
  return lighter.some((artifact, index) => artifact !== artifacts[index]) ? lighter : undefined;
}

/** The first artifact whose payload a record dropped; undefined when it holds all. */
export function droppedPayload({ evidence }: Pick<ProvenanceRecord, 'evidence'>): EvidenceArtifact | undefined {
  return evidence?.artifacts?.find(({ payload }) => payload === undefined);
}

/** The places to fetch a dropped payload from: those that are sealed with it first, then those of the status. */
export function payloadPlaces(
  { storage }: Pick<TrustedRecord, 'storage'>,
  artifact: EvidenceArtifact,
): readonly PayloadLocation[] {
  const sealed = artifact.payloadLocations ?? [];
  const isNew = ({ kind, name, uri }: PayloadLocation): boolean =>
    !sealed.some((place) => place.kind === kind && place.name === name && place.uri === uri);
  return [...sealed, ...storage.flatMap((entry) => placesIn(entry, artifact)).filter(isNew)];
}

function isVerified({ locations = [], verification }: StorageEntry): boolean {
  return locations.length === 0 || verification?.state === 'Verified';
}

function withoutPayload(artifact: EvidenceArtifact, storage: readonly StorageEntry[]): EvidenceArtifact {
  const { payload, ...lighter } = artifact;
  // A record that lists its subjects in part needs the payload to be found by the others.
  if (payload === undefined || !listsAllDigests(artifact)) return artifact;
  const places = storage.flatMap((entry) => placesIn(entry, artifact)).filter(isLastingLocation);
  const payloadLocations = onePerBackend(places).slice(0, MAX_PAYLOAD_LOCATIONS);
  const isLighter = jsonSizeBytes(payloadLocations) < payload.length;
  return isLighter && places.length > 0 ? { ...lighter, payloadLocations } : artifact;
}

/** The places of a backend that hold this artifact and no other one of the record. */
function placesIn(
  { backendRef, locations = [] }: StorageEntry,
  { name }: EvidenceArtifact,
): readonly PayloadLocation[] {
  const isShared = (uri: string): boolean => locations.some((of) => of.uri === uri && of.artifact !== name);
  return locations
    .filter(({ artifact, uri }) => artifact === name && !isShared(uri))
    .map(({ uri, digest }) => ({ ...backendRef, uri, ...(digest === undefined ? {} : { digest }) }));
}

function onePerBackend(places: readonly PayloadLocation[]): readonly PayloadLocation[] {
  const first = new Map<string, PayloadLocation>();
  for (const place of places) {
    const key = `${place.kind}/${place.name}`;
    if (!first.has(key)) first.set(key, place);
  }
  return [...first.values()];
}
