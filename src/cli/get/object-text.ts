// SPDX-License-Identifier: Apache-2.0
import { isObject } from '../../json/fields.ts';
import { YAML_OUTPUT } from '../yaml-output.ts';

/** Formats objects as kubectl does: one as it is, several as a List. The entries of field managers are left out. */
export async function objectsText(objects: readonly unknown[], format: 'json' | 'yaml'): Promise<string> {
  const [only] = objects;
  const shown =
    objects.length === 1 ? stripped(only) : { apiVersion: 'v1', kind: 'List', items: objects.map(stripped) };
  if (format === 'json') return JSON.stringify(shown, undefined, 2);
  const { default: yaml } = await import('yaml');
  return yaml.stringify(shown, YAML_OUTPUT).trimEnd();
}

function stripped(object: unknown): unknown {
  if (!isObject(object)) return object;
  const { apiVersion, kind, metadata, ...rest } = object;
  const kept = Object.entries(isObject(metadata) ? metadata : {}).filter(([name]) => name !== 'managedFields');
  // Evidence comes last, as a screen that it fills shows nothing else.
  const { evidence, ...others } = rest;
  return {
    apiVersion,
    kind,
    metadata: Object.fromEntries(kept),
    ...others,
    ...(evidence === undefined ? {} : { evidence }),
  };
}
