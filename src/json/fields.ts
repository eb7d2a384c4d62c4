// SPDX-License-Identifier: Apache-2.0
/** Whether `value` is an object (not null, not a list) whose fields may be read. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The field of an object that is not parsed yet, or undefined; never throws. */
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
