// SPDX-License-Identifier: Apache-2.0

export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The named field when it is an object, else an empty one. */
export function objectField(value: unknown, field: string): JsonObject {
  const found = isJsonObject(value) ? value[field] : undefined;
  return isJsonObject(found) ? found : {};
}

/** The named field when it is a string. */
export function stringField(value: unknown, field: string): string | undefined {
  const found = isJsonObject(value) ? value[field] : undefined;
  return typeof found === 'string' ? found : undefined;
}

/** The named field when it is a finite number. */
export function numberField(value: unknown, field: string): number | undefined {
  const found = isJsonObject(value) ? value[field] : undefined;
  return typeof found === 'number' && Number.isFinite(found) ? found : undefined;
}

/** The named map's entries that are strings. */
export function stringMapField(value: unknown, field: string): Readonly<Record<string, string>> {
  const entries = Object.entries(objectField(value, field));
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}
