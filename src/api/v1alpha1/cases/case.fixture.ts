// SPDX-License-Identifier: Apache-2.0
/** A manifest that must be refused, with what must hold. */
export interface RefusedManifest {
  readonly name: string;
  readonly manifest: Readonly<Record<string, unknown>>;
  /** The field that the parser names. */
  readonly path: string;
  /** What the parser says must hold. */
  readonly message: string;
  /** What the API server says, where its words differ; a rule's message is the same in both. */
  readonly serverMessage?: string;
}

/** A manifest that must be taken. */
export interface AcceptedManifest {
  readonly name: string;
  readonly manifest: Readonly<Record<string, unknown>>;
}
