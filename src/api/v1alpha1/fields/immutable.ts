// SPDX-License-Identifier: Apache-2.0
/** `T` with every property and list readonly, to any depth: parsed values are never written to. */
export type Immutable<T> = T extends readonly (infer Item)[]
  ? readonly Immutable<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Immutable<T[Key]> }
    : T;
