// SPDX-License-Identifier: Apache-2.0
/** A manifest that must be refused, with the expected error. */
export interface RefusedManifest {
  readonly name: string;
  readonly manifest: Readonly<Record<string, unknown>>;
  /** The field that the parser names. */
  readonly path: string;
  /** The message of the parser. */
  readonly message: string;
  /** The message of the API server, where it differs; the message of a rule is the same in both. */
  readonly serverMessage?: string;
}

/** A manifest that must be accepted. */
export interface AcceptedManifest {
  readonly name: string;
  readonly manifest: Readonly<Record<string, unknown>>;
}
