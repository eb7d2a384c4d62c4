// SPDX-License-Identifier: Apache-2.0

/** An object to write. */
export interface NewObject {
  readonly name: string;
  readonly body: Buffer;
  readonly contentType: string;
  /** Written to the object's metadata. */
  readonly owner: string;
}

/** A stored object. */
export interface FoundObject {
  readonly body: Buffer;
  readonly owner: string | undefined;
  /** Opaque; changes with every write. */
  readonly version: string;
}

/** The condition of a write: the name does not exist, or has exactly this version. */
export type WriteCondition = { readonly absent: true } | { readonly version: string };

/** A store of named objects with conditional writes. Every failure is a StorageError. */
export interface Bucket {
  /** `gs://bucket` or `s3://bucket`, without a slash at the end. */
  readonly uri: string;
  /** @returns false if the condition did not hold, so that nothing was written */
  write(object: NewObject, condition: WriteCondition, signal: AbortSignal): Promise<boolean>;
  /** Undefined if the object does not exist. */
  read(name: string, signal: AbortSignal): Promise<FoundObject | undefined>;
  /** Try one write that cannot succeed: the kind of refusal tells whether others could. */
  tryOut(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** The name that `tryOut` pretends to write. No run has an object of this name. */
export const TRIAL_NAME = 'hallmark-probe/never-written';

/** The metadata entry for the owner. */
export const OWNER_METADATA = 'hallmark-owner';

/** The metadata entry for the digest of the object, in stores that keep no digest of their own. */
export const DIGEST_METADATA = 'hallmark-sha256';

/** Above the size of an envelope with the largest payload that a record unpacks to (16 MiB), in base64. */
export const MAX_OBJECT_BYTES = 24 * 1024 * 1024;
