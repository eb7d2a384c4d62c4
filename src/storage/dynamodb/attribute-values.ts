// SPDX-License-Identifier: Apache-2.0
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { StorageError } from '../storage-error.ts';

/** The range of DynamoDB's numbers. */
const LARGEST = 9.9e125;
const SMALLEST = 1e-130;

/**
 * Convert a JSON value to DynamoDB's form. An empty string becomes NULL, as in Chains' documents.
 * @throws StorageError `BackendRejected` for a number outside DynamoDB's range
 */
export function attributeValue(value: unknown): AttributeValue {
  if (typeof value === 'string') return text(value);
  if (typeof value === 'number') return { N: numberText(value) };
  if (typeof value === 'boolean') return { BOOL: value };
  if (Array.isArray(value)) return { L: value.map((item: unknown) => attributeValue(item)) };
  if (typeof value !== 'object' || value === null) return { NULL: true };
  return { M: Object.fromEntries(Object.entries(value).map(([key, item]) => [key, attributeValue(item)])) };
}

function numberText(value: number): string {
  const size = Math.abs(value);
  if (size <= LARGEST && (size >= SMALLEST || size === 0)) return String(value);
  const message = `the payload has the number ${value} and DynamoDB holds those from 1e-130 to 9.9e125; store the evidence in a backend of another type`;
  throw new StorageError('BackendRejected', message);
}

/** A string, or NULL when it is empty. */
export function text(value: string): AttributeValue {
  return value === '' ? { NULL: true } : { S: value };
}

/** The size of an item as DynamoDB counts it (at most 400 KiB), with the largest size of each number. */
export function itemBytes(item: Readonly<Record<string, AttributeValue>>): number {
  return Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value), 0);
}

const CONTAINER_BYTES = 3;
const MAX_NUMBER_BYTES = 21;

function valueBytes(value: AttributeValue): number {
  if (value.S !== undefined) return Buffer.byteLength(value.S);
  if (value.B !== undefined) return value.B.length;
  if (value.N !== undefined) return Math.min(Math.ceil(value.N.length / 2) + 2, MAX_NUMBER_BYTES);
  if (value.L !== undefined) return value.L.reduce((sum, item) => sum + 1 + valueBytes(item), CONTAINER_BYTES);
  if (value.M === undefined) return 1;
  return CONTAINER_BYTES + Object.keys(value.M).length + itemBytes(value.M);
}
