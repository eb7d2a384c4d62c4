// SPDX-License-Identifier: Apache-2.0

/** An object as it is written. */
export interface NewObject {
  readonly name: string;
  readonly body: Buffer;
  readonly contentType: string;
  /** Noted in the object's metadata. */
  readonly owner: string;
}

/** An object as it lies there. */
export interface FoundObject {
  readonly body: Buffer;
  readonly owner: string | undefined;
  /** Opaque; changes with every write. */
  readonly version: string;
}

/** When a write counts: nothing lies under the name, or exactly this version. */
export type WriteCondition = { readonly absent: true } | { readonly version: string };

/** A store of named objects with conditional writes. Every failure is a StorageError. */
export interface Bucket {
  /** `gs://bucket` or `s3://bucket`, without a slash at the end. */
  readonly uri: string;
  /** Whether it was written; false: the condition did not hold. */
  write(object: NewObject, condition: WriteCondition, signal: AbortSignal): Promise<boolean>;
  /** undefined when there is none. */
  read(name: string, signal: AbortSignal): Promise<FoundObject | undefined>;
  /** One write that cannot succeed: its refusal tells whether others could. */
  tryOut(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** What no run of any name is filed under: the object that `tryOut` does not write. */
export const TRIAL_NAME = 'hallmark-probe/never-written';

/** The metadata entry for the owner. */
export const OWNER_METADATA = 'hallmark-owner';

/** The metadata entry for the digest of what was written, where the store has none that says it. */
export const DIGEST_METADATA = 'hallmark-sha256';

/** More than the largest payload that a record unpacks to (16 MiB) takes in the base64 of its envelope. */
export const MAX_OBJECT_BYTES = 24 * 1024 * 1024;
