// SPDX-License-Identifier: Apache-2.0

/** The location of one stored artifact. `uri` never contains a credential; `digest` is that of the stored object, if the store has one. */
export interface Location {
  readonly uri: string;
  readonly digest?: string;
}

/** A log entry and a timestamp in cosign's own form. */
export interface StoredWitnesses {
  readonly logEntry?: string;
  readonly timestamp?: string;
}

/** The content of a location. */
export interface StoredEvidence {
  readonly payload: Buffer;
  /** Signature text (the DSSE envelope of a statement, the raw signature of an image), or the JSON of a bundle. */
  readonly signature: Buffer;
  /** The form of `signature`. */
  readonly encoding: 'SignatureText' | 'SigstoreBundle';
  /** PEM chain, the signing certificate first; empty for a key's signature, undefined if the store has no field for it. */
  readonly certificateChain?: string;
  /** Undefined if the store has no field for witnesses. */
  readonly witnesses?: StoredWitnesses;
}
