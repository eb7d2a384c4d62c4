// SPDX-License-Identifier: Apache-2.0
import { globMatches, globsCover } from '../selection/glob.ts';
import type { PolicyDefinition, WrittenPolicySpec } from '../definitions.ts';
import { excessOf, globExcess, globsIn, hostExcess } from './bound-values.ts';
import type { CeilingDefinition } from './ceiling-definition.ts';
import { guardExcess } from './guard-bounds.ts';
import { kmsHost } from './kms-host.ts';

/** A policy, and one ceiling of its namespace. */
interface Compared {
  readonly spec: PolicyDefinition['spec'];
  readonly written: WrittenPolicySpec;
  readonly ceiling: NonNullable<CeilingDefinition['spec']>;
  readonly globs: (list: readonly string[] | undefined) => readonly string[] | undefined;
  /** The place of the policy among those of its namespace, the oldest first, from 1. */
  readonly rank: number;
}

type Rule = (compared: Compared) => string | undefined;

const signerRules: readonly Rule[] = [
  ({ spec: { signer }, ceiling: { signers } }) => {
    const types = signers?.types;
    return types?.includes(signer.type) === false ? excessOf('spec.signer.type', signer.type, types) : undefined;
  },
  ({ spec: { signer }, ceiling: { signers }, globs }) =>
    signer.kms && globExcess('spec.signer.kms.uri', signer.kms.uri, globs(signers?.kmsURIs)),
  ({ spec: { signer }, ceiling: { signers }, globs }) => {
    const host = signer.kms === undefined ? undefined : kmsHost(signer.kms);
    return host === undefined ? undefined : hostExcess('the host of spec.signer.kms', host, globs(signers?.kmsHosts));
  },
  ({ spec: { signer }, ceiling: { signers }, globs }) =>
    signer.keyless && globExcess('spec.signer.keyless.fulcioURL', signer.keyless.fulcioURL, globs(signers?.fulcioURLs)),
];

const attestationRules: readonly Rule[] = [
  ({ written: { format }, ceiling: { attestation } }) => {
    const allowed = attestation?.formats;
    if (format === undefined || allowed?.includes(format) !== false) return undefined;
    return excessOf('spec.attestation.format', format, allowed);
  },
  ({ written: { buildType }, ceiling: { attestation } }) => {
    const allowed = attestation?.buildTypes;
    if (buildType === undefined || allowed?.includes(buildType) !== false) return undefined;
    return excessOf('spec.attestation.buildType', buildType, allowed);
  },
  ({ written: { builderID }, ceiling: { attestation }, globs }) =>
    builderID === undefined
      ? undefined
      : globExcess('spec.attestation.builderID', builderID, globs(attestation?.builderIDs)),
  ({ written: { allowedRepositories = [] }, ceiling: { subjects }, globs }) => {
    const allowed = globs(subjects?.allowedRepositories);
    const outside = allowed && allowedRepositories.find((glob) => !globsCover(allowed, glob));
    return outside === undefined ? undefined : excessOf('spec.subjects.allowedRepositories', outside, allowed ?? []);
  },
];

const transparencyRules: readonly Rule[] = [
  ({ spec: { transparency }, ceiling, globs }) =>
    transparency.rekor &&
    globExcess('spec.transparency.rekor.url', transparency.rekor.url, globs(ceiling.transparency?.logs)),
  ({ spec: { transparency }, ceiling, globs }) => {
    const allowed = globs(ceiling.transparency?.timestampAuthorities);
    const [first] = transparency.timestampAuthorities.flatMap(
      ({ url }) => globExcess('spec.transparency.timestampAuthorities', url, allowed) ?? [],
    );
    return first;
  },
  ({ spec: { transparency }, ceiling, globs }) => {
    if (ceiling.transparency?.required?.includes('Log') !== true) return undefined;
    const allowed = globs(ceiling.transparency.logs) ?? ['*'];
    if (transparency.rekor === undefined)
      return `spec.transparency.rekor is not set, and a log is required: allowed are ${allowed.join(', ')}`;
    const { onFailure } = transparency.rekor;
    return onFailure === 'Retry' ? undefined : excessOf('spec.transparency.rekor.onFailure', onFailure, ['Retry']);
  },
  ({ spec: { transparency }, ceiling, globs }) => {
    if (ceiling.transparency?.required?.includes('TimestampAuthority') !== true) return undefined;
    const allowed = globs(ceiling.transparency.timestampAuthorities) ?? ['*'];
    return transparency.timestampAuthorities.length > 0
      ? undefined
      : `spec.transparency.timestampAuthorities is not set, and one is required: allowed are ${allowed.join(', ')}`;
  },
];

const rules: readonly Rule[] = [
  ...signerRules,
  ...attestationRules,
  ...transparencyRules,
  ({ spec, ceiling, globs }) => {
    const allowed = globs(ceiling.backends?.clusterBackends);
    const named = spec.backendRefs.filter(({ kind }) => kind === 'ClusterStorageBackend');
    const [first] = named.flatMap(
      ({ name }) => globExcess('ClusterStorageBackend in spec.backendRefs', name, allowed) ?? [],
    );
    return first;
  },
  ({ written: { mode }, ceiling: { auditOnly } }) =>
    auditOnly === true && mode === 'Enforce' ? excessOf('spec.mode', mode, ['Audit']) : undefined,
  ({ written: { notes }, ceiling: { children } }) => {
    const allowed = children?.notes;
    if (notes === undefined || allowed?.includes(notes) !== false) return undefined;
    return excessOf('spec.children.notes', notes, allowed);
  },
  ({ written, ceiling }) => guardExcess(written.deletionGuard, ceiling.deletionGuard),
  ({ rank, ceiling: { counts } }) => countExcess('SigningPolicies', rank, counts?.policies),
];

/** Says that an object comes after those that a ceiling allows. */
export function countExcess(what: string, rank: number, most: number | undefined): string | undefined {
  if (most === undefined || rank <= most) return undefined;
  return `it is number ${rank} of the namespace's ${what} by age, and allowed are ${most}: delete others, or this one`;
}

/** All that a policy says beyond one ceiling. */
export function policyExcess(
  policy: Pick<PolicyDefinition, 'spec' | 'namespace'> & { readonly written: WrittenPolicySpec },
  ceiling: NonNullable<CeilingDefinition['spec']>,
  rank: number,
): readonly string[] {
  const { spec, written, namespace } = policy;
  const globs: Compared['globs'] = (list) => list && globsIn(namespace, list);
  return rules.flatMap((rule) => rule({ spec, written, ceiling, globs, rank }) ?? []);
}

/** True when policies of a namespace may use a cluster backend. */
export function takesClusterBackend(ceiling: CeilingDefinition, namespace: string, name: string): boolean {
  const allowed = ceiling.spec?.backends?.clusterBackends;
  return allowed === undefined || globsIn(namespace, allowed).some((glob) => globMatches(glob, name));
}
