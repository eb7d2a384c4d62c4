// SPDX-License-Identifier: Apache-2.0
import type { KindName } from '../../src/api/v1alpha1/kinds.ts';
import type { Reason } from '../../src/api/v1alpha1/reasons.ts';

/** Defaults by path (`.spec.mode`), in the wording of a description. */
export type Defaults = ReadonlyMap<string, string>;

/** A column of `kubectl get`; a `wide` one only appears with `-o wide`. */
export interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date' | 'boolean';
  readonly jsonPath: string;
  readonly description: string;
  readonly wide?: boolean;
}

/** The facts of a CRD and its page beyond the schema. */
export interface KindPage {
  readonly kind: KindName;
  /** The purpose of the kind, in Markdown. */
  readonly purpose: string;
  /** A valid manifest. */
  readonly example: string;
  readonly columns: readonly Column[];
  /** JSON paths that `--field-selector` may name; the API server allows eight. */
  readonly selectableFields: readonly string[];
  readonly conditions: readonly { readonly type: string; readonly meaning: string }[];
  readonly reasons: readonly Reason[];
  readonly defaults: Defaults;
}
