// SPDX-License-Identifier: Apache-2.0
declare const object: unique symbol;

/**
 * A text that names one object in maps, queues and logs. The key of an object of another kind is another type; a plain text of the right
 * shape is accepted.
 */
export type KeyOf<Kind extends string, Shape extends string = string> = Shape & { readonly [object]?: Kind };
