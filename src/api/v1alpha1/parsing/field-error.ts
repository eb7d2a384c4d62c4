// SPDX-License-Identifier: Apache-2.0
import type { SchemaProblem } from './schema-check/schema-problem.ts';

/** A requirement that a field violates, at a path such as `spec.backendRefs[0].name` ('' is the object itself). */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

/** `path: message`, or only the message for the object itself. */
export function fieldErrorText({ path, message }: FieldError): string {
  return path === '' ? message : `${path}: ${message}`;
}

/** A problem of a schema's check in the terms of a manifest's author. */
export function fieldErrorOf({ tokens, message }: SchemaProblem): FieldError {
  return { path: tokens.reduce(childPath, ''), message };
}

/** Append a field or list index to a path. */
export function childPath(path: string, token: string): string {
  if (/^\d+$/.test(token)) return `${path}[${token}]`;
  if (!/^[A-Za-z][A-Za-z0-9]*$/.test(token)) return `${path}[${JSON.stringify(token)}]`;
  return path === '' ? token : `${path}.${token}`;
}
