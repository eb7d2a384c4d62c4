// SPDX-License-Identifier: Apache-2.0
import type { ErrorObject } from 'ajv';
import { field } from '../../../json/fields.ts';

/** A requirement that a field violates, at a path such as `spec.backendRefs[0].name` ('' is the object itself). */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

/** `path: message`, or only the message for the object itself. */
export function fieldErrorText({ path, message }: FieldError): string {
  return path === '' ? message : `${path}: ${message}`;
}

/** Translate an error of ajv into the terms of a manifest's author. */
export function fieldErrorOf(error: ErrorObject): FieldError {
  const path = fieldPath(error.instancePath);
  const { missingProperty, allowedValues, allowedValue, type } = parameters(error.params);
  switch (error.keyword) {
    case 'required':
      return { path: childPath(path, missingProperty), message: 'must be set' };
    case 'enum':
      return {
        path,
        message: `must be ${Array.isArray(allowedValues) ? allowedValues.join(' or ') : 'a known value'}`,
      };
    case 'const':
      return { path, message: `must be ${String(allowedValue)}` };
    case 'type':
      return { path, message: `must be of type ${String(type)}` };
    case 'format':
      return { path, message: 'must be a time as in RFC 3339, such as 2026-01-31T12:00:00Z' };
    default:
      return { path, message: error.message ?? `must satisfy ${error.keyword}` };
  }
}

function parameters(params: unknown) {
  return {
    missingProperty: String(field(params, 'missingProperty')),
    allowedValues: field(params, 'allowedValues'),
    allowedValue: field(params, 'allowedValue'),
    type: field(params, 'type'),
  };
}

/** Convert a JSON pointer into the form of field paths in the API server. */
function fieldPath(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce((path, token) => childPath(path, token), '');
}

/** Append a field or list index to a path. */
export function childPath(path: string, token: string): string {
  if (/^\d+$/.test(token)) return `${path}[${token}]`;
  if (!/^[A-Za-z][A-Za-z0-9]*$/.test(token)) return `${path}[${JSON.stringify(token)}]`;
  return path === '' ? token : `${path}.${token}`;
}
