// SPDX-License-Identifier: Apache-2.0
import { fieldErrorText } from '../../api/v1alpha1/parsing/field-error.ts';
import { parsePolicyCeiling } from '../../api/v1alpha1/parsing/parse.ts';
import { unknownFields } from '../../api/v1alpha1/parsing/unknown-fields.ts';
import { policyCeilingSpec } from '../../api/v1alpha1/policy-ceiling/ceiling-spec.ts';
import { field, has } from '../../json/fields.ts';
import type { CeilingDefinition } from './ceiling-definition.ts';

/**
 * A stored PolicyCeiling as pipelines know it. One that the schema refuses, or that has a bound of another version that this one does not
 * know, allows nothing in the namespaces that it selects; in every namespace where its selector cannot be read either.
 *
 * @returns undefined when the object has no usable metadata
 */
export function readCeiling(object: unknown): CeilingDefinition | undefined {
  const parsed = parsePolicyCeiling(object);
  if (!parsed.ok) return unreadable(object, parsed.message);
  const unknown = unknownFields(policyCeilingSpec, field(object, 'spec'), 'spec');
  if (unknown.length > 0) return unreadable(object, unknown.map(fieldErrorText).join('; '));
  const { metadata, spec } = parsed.value;
  const { name, uid, generation } = metadata;
  return { name, uid, generation, ...selectorOf(spec.namespaceSelector), spec };
}

function unreadable(object: unknown, invalid: string): CeilingDefinition | undefined {
  const spec = field(object, 'spec');
  const selection = has(spec, 'namespaceSelector') ? { namespaceSelector: field(spec, 'namespaceSelector') } : {};
  for (const [guess, isEverywhere] of [
    [selection, false],
    [{}, true],
  ] as const) {
    const rest = {
      apiVersion: field(object, 'apiVersion'),
      kind: 'PolicyCeiling',
      metadata: field(object, 'metadata'),
    };
    const parsed = parsePolicyCeiling({ ...rest, spec: guess });
    if (!parsed.ok) continue;
    const { name, uid, generation } = parsed.value.metadata;
    const { namespaceSelector } = parsed.value.spec;
    return { name, uid, generation, ...selectorOf(namespaceSelector), spec: undefined, invalid, isEverywhere };
  }
  return undefined;
}

function selectorOf(
  namespaceSelector: CeilingDefinition['namespaceSelector'],
): Pick<CeilingDefinition, 'namespaceSelector'> {
  return namespaceSelector === undefined ? {} : { namespaceSelector };
}
