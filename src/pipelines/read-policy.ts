// SPDX-License-Identifier: Apache-2.0
import type { SigningPolicySpec } from '../api/v1alpha1/signing-policy/schema.ts';
import { field, has } from '../json/fields.ts';
import { parseClusterSigningPolicy, parseSigningPolicy } from '../api/v1alpha1/parsing/parse.ts';
import { effectiveSigningPolicySpec } from '../api/v1alpha1/signing-policy/defaults.ts';
import { retentionCut, type RetentionLimits, standardRetention } from '../api/v1alpha1/signing-policy/retention.ts';
import type { PolicyDefinition, WrittenPolicySpec } from './definitions.ts';
import { refusalOf } from './refused-definition.ts';

/**
 * A stored SigningPolicy or ClusterSigningPolicy as pipelines know it. One that the schema refuses (it can only have been
 * stored under another version of it) keeps as much of its selection as can be read and says why it is invalid: its runs
 * are then recorded unsigned instead of falling to another policy in silence.
 *
 * @param retention the platform's default and limit; the standard ones when absent
 * @returns undefined when the object has no usable metadata
 */
export function readPolicy(
  object: unknown,
  operatorNamespace: string,
  retention = standardRetention,
): PolicyDefinition | undefined {
  const refusal = refusalOf(object);
  const read: Read = refusal === undefined ? readValid(object, operatorNamespace, retention) : { message: refusal };
  if ('policy' in read) return { ...read.policy, ...retiredBefore(object) };
  for (const guess of readableParts(object)) {
    const partial = readValid(guess, operatorNamespace, retention);
    if ('policy' in partial) return { ...partial.policy, ...retiredBefore(object), invalid: read.message };
  }
  return undefined;
}

function retiredBefore(object: unknown): Pick<PolicyDefinition, 'retiredBefore'> {
  const time = field(field(object, 'status'), 'retiredBefore');
  return typeof time === 'string' && !Number.isNaN(Date.parse(time)) ? { retiredBefore: time } : {};
}

type Read = { readonly policy: PolicyDefinition } | { readonly message: string };

function readValid(object: unknown, operatorNamespace: string, retention: RetentionLimits): Read {
  if (field(object, 'kind') === 'ClusterSigningPolicy') {
    const parsed = parseClusterSigningPolicy(object);
    if (!parsed.ok) return { message: parsed.message };
    const { metadata, spec } = parsed.value;
    const { namespaceSelector } = spec;
    return {
      policy: {
        kind: 'ClusterSigningPolicy',
        namespace: '',
        name: metadata.name,
        uid: metadata.uid,
        generation: metadata.generation,
        creationTimestamp: metadata.creationTimestamp,
        homeNamespace: operatorNamespace,
        ...(namespaceSelector === undefined ? {} : { namespaceSelector }),
        spec: effectiveSigningPolicySpec(spec, metadata.creationTimestamp, retention),
        ...cutPart(spec, retention),
      },
    };
  }
  const parsed = parseSigningPolicy(object);
  if (!parsed.ok) return { message: parsed.message };
  const { metadata, spec } = parsed.value;
  return {
    policy: {
      kind: 'SigningPolicy',
      namespace: metadata.namespace,
      name: metadata.name,
      uid: metadata.uid,
      generation: metadata.generation,
      creationTimestamp: metadata.creationTimestamp,
      homeNamespace: metadata.namespace,
      written: writtenSpec(spec),
      spec: effectiveSigningPolicySpec(spec, metadata.creationTimestamp, retention),
      ...cutPart(spec, retention),
    },
  };
}

function writtenSpec({
  attestation,
  subjects,
  children,
  mode,
  deletionGuard,
  record,
}: SigningPolicySpec): WrittenPolicySpec {
  const { format, buildType, builderID } = attestation ?? {};
  const { allowedRepositories } = subjects ?? {};
  const notes = children?.notes;
  return { format, buildType, builderID, allowedRepositories, notes, mode, deletionGuard, record };
}

function cutPart(
  { record }: Pick<SigningPolicySpec, 'record'>,
  retention: RetentionLimits,
): Pick<PolicyDefinition, 'retentionCut'> {
  const cut = retentionCut(record, retention);
  return cut === undefined ? {} : { retentionCut: cut };
}

/** The object with less and less of its spec, most first; what is left out is replaced by what selects more, and keeps records. */
function readableParts(object: unknown): readonly unknown[] {
  const spec = field(object, 'spec');
  const rest = {
    apiVersion: field(object, 'apiVersion'),
    kind: field(object, 'kind'),
    metadata: field(object, 'metadata'),
  };
  const placeholder = {
    signer: { type: 'Key', key: { secretRef: { name: 'invalid' } } },
    subjects: { allowedRepositories: ['*'] },
    ...(has(spec, 'record') ? { record: { retention: 'Keep' } } : {}),
  };
  const pick = (names: readonly string[]): unknown => {
    const picked = names.filter((name) => has(spec, name)).map((name): [string, unknown] => [name, field(spec, name)]);
    return { ...rest, spec: { ...placeholder, ...Object.fromEntries(picked) } };
  };
  return [
    pick(['namespaceSelector', 'selector', 'runs', 'record']),
    pick(['namespaceSelector', 'selector', 'runs']),
    pick(['namespaceSelector', 'selector']),
    pick(['namespaceSelector']),
    pick([]),
  ];
}
