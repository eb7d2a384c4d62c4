// SPDX-License-Identifier: Apache-2.0

export type JsonObject = Readonly<Record<string, unknown>>;

const NO_TEXTS: Readonly<Record<string, string>> = Object.freeze({});

/** True for an object (not null, not a list) whose fields may be read. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The own field of an object that is not parsed yet, or undefined; never throws. */
export function field(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/** CEL's `has(self.name)`. */
export function has(value: unknown, name: string): boolean {
  return field(value, name) !== undefined;
}

/** The list in a field, or an empty one. */
export function listField(value: unknown, name: string): readonly unknown[] {
  const list = field(value, name);
  return Array.isArray(list) ? list : [];
}

/** The object in a field, or an empty one. */
export function objectField(value: unknown, name: string): JsonObject {
  const object = field(value, name);
  return isObject(object) ? object : {};
}

/** The field when it is a string. */
export function stringField(value: unknown, name: string): string | undefined {
  const text = field(value, name);
  return typeof text === 'string' ? text : undefined;
}

/** The field when it is a finite number. */
export function numberField(value: unknown, name: string): number | undefined {
  const number = field(value, name);
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

/** The entries of the map in a field that are strings. */
export function stringMapField(value: unknown, name: string): Readonly<Record<string, string>> {
  const map = field(value, name);
  if (!isObject(map)) return NO_TEXTS;
  const entries = Object.entries(map);
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}
