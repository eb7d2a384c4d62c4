// SPDX-License-Identifier: Apache-2.0
import type { SignedArtifact } from '../../evidence/artifact.ts';
import { compareExisting } from '../documents/compare-existing.ts';
import { StorageError } from '../storage-error.ts';
import type { Bucket, FoundObject, NewObject } from './bucket.ts';
import type { Suffix } from './object-names.ts';

/** The fields that an artifact's four objects share. */
export interface OwnedStem {
  readonly artifact: SignedArtifact;
  readonly owner: string;
  readonly stem: string;
}

/** Writers that keep replacing each other's objects give up; their records are retried soon. */
const MAX_ROUNDS = 5;
const TYPES: Readonly<Record<Suffix, string>> = {
  signature: 'application/octet-stream',
  payload: 'application/octet-stream',
  cert: 'application/x-pem-file',
  chain: 'application/x-pem-file',
};

/**
 * Create one object, or replace an earlier version of the same owner. @returns false if equal evidence exists and owns the other
 * objects. @throws StorageError `KeyConflict` when the name holds another owner's evidence
 */
export async function storeObject(
  bucket: Bucket,
  owned: OwnedStem,
  part: { readonly suffix: Suffix; readonly body: Buffer },
  signal: AbortSignal,
): Promise<boolean> {
  const name = `${owned.stem}.${part.suffix}`;
  const object: NewObject = { name, body: part.body, contentType: TYPES[part.suffix], owner: owned.owner };
  if (await bucket.write(object, { absent: true }, signal)) return true;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const existing = await bucket.read(name, signal);
    if (existing?.body.equals(part.body) === true) return true;
    if (existing !== undefined && existing.owner !== owned.owner) {
      if (await isEquivalent(bucket, owned, existing, signal)) return false;
      throw conflict(bucket, name);
    }
    const condition = existing === undefined ? ({ absent: true } as const) : { version: existing.version };
    if (await bucket.write(object, condition, signal)) return true;
  }
  const message = `writing ${bucket.uri}/${name}: other writers replace it each time; it is tried again`;
  throw new StorageError('BackendUnavailable', message);
}

/** Check whether a foreign signature is this policy's own, of an equal payload of an earlier run with the same name. */
async function isEquivalent(
  bucket: Bucket,
  { artifact, owner, stem }: OwnedStem,
  existing: FoundObject,
  signal: AbortSignal,
): Promise<boolean> {
  const payload = await bucket.read(`${stem}.payload`, signal);
  return (
    compareExisting({ owner: existing.owner, payload: payload?.body, signature: existing.body }, artifact, owner) ===
    'Same'
  );
}

function conflict(bucket: Bucket, name: string): StorageError {
  const message = `${bucket.uri}/${name} holds evidence of another run or policy, which is not overwritten; set keys: PerPolicy on one of the backends, or remove the object`;
  return new StorageError('KeyConflict', message);
}
