// SPDX-License-Identifier: Apache-2.0
import type { KindName } from '../../src/api/v1alpha1/kinds.ts';
import type { Reason } from '../../src/api/v1alpha1/reasons.ts';

/** Defaults by path (`.spec.mode`), as they read in a description. */
export type Defaults = ReadonlyMap<string, string>;

/** A column of `kubectl get`; `wide` shows it with `-o wide` alone. */
export interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date' | 'boolean';
  readonly jsonPath: string;
  readonly description: string;
  readonly wide?: boolean;
}

/** What a CRD and its page say beyond the schema. */
export interface KindPage {
  readonly kind: KindName;
  /** What the kind is for, in Markdown. */
  readonly purpose: string;
  /** A manifest that the API server takes. */
  readonly example: string;
  readonly columns: readonly Column[];
  /** JSON paths that `--field-selector` may name; the API server allows eight. */
  readonly selectableFields: readonly string[];
  readonly conditions: readonly { readonly type: string; readonly meaning: string }[];
  readonly reasons: readonly Reason[];
  readonly defaults: Defaults;
}
