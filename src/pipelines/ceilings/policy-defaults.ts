// SPDX-License-Identifier: Apache-2.0
import type { EffectiveSigningPolicySpec } from '../../api/v1alpha1/signing-policy/defaults.ts';
import { effectiveRetention, type RetentionLimits } from '../../api/v1alpha1/signing-policy/retention.ts';
import { globMatches, globsCover } from '../selection/glob.ts';
import type { PolicyDefinition, WrittenPolicySpec } from '../definitions.ts';
import { globsIn } from './bound-values.ts';
import type { Bounds, CeilingDefinition } from './ceiling-definition.ts';
import { boundedGuard } from './guard-bounds.ts';

type CeilingSpec = NonNullable<CeilingDefinition['spec']>;

/** The settings of a policy under ceilings. */
export interface BoundedSpec {
  readonly spec: EffectiveSigningPolicySpec;
  /** Fields that the policy must set, because the ceilings have no default for them in common. */
  readonly undecided: readonly string[];
}

/** Fills in what a policy leaves open as the ceilings of its namespace say: within all of them, and the usual default where that is. */
export function boundedSpec(
  { spec }: Pick<PolicyDefinition, 'spec'>,
  written: WrittenPolicySpec,
  { namespace, ceilings }: Bounds,
  retention: RetentionLimits,
): BoundedSpec {
  const specs = ceilings.flatMap((ceiling) => ceiling.spec ?? []);
  const { attestation, subjects, children } = spec;
  const format =
    written.format ??
    common(
      attestation.format,
      lists(specs, (s) => s.attestation?.formats),
    );
  const buildType =
    written.buildType ??
    common(
      attestation.buildType,
      lists(specs, (s) => s.attestation?.buildTypes),
    );
  const notes =
    written.notes ??
    common(
      children.notes,
      lists(specs, (s) => s.children?.notes),
    );
  const ids = lists(specs, (s) => s.attestation?.builderIDs).map((globs) => globsIn(namespace, globs));
  const builderID = written.builderID ?? literal(attestation.builderID, ids);
  const repositories = lists(specs, (s) => s.subjects?.allowedRepositories).map((globs) => globsIn(namespace, globs));
  const asked = written.allowedRepositories ?? [];
  const allowedRepositories = asked.length > 0 ? asked : commonGlobs(repositories);
  const isAudit = written.mode === undefined && specs.some(({ auditOnly }) => auditOnly === true);
  const deletionGuard = boundedGuard(written.deletionGuard, specs);
  return {
    spec: {
      ...spec,
      attestation: {
        ...attestation,
        format: format ?? attestation.format,
        buildType: buildType ?? attestation.buildType,
        builderID: builderID ?? attestation.builderID,
      },
      subjects: { ...subjects, allowedRepositories },
      children: { ...children, notes: notes ?? children.notes },
      mode: isAudit ? 'Audit' : spec.mode,
      deletionGuard: deletionGuard ?? spec.deletionGuard,
      record: effectiveRetention(written.record, ceilingRetention(specs, retention)),
    },
    undecided: [
      ...unset({
        'spec.attestation.format': format,
        'spec.attestation.buildType': buildType,
        'spec.attestation.builderID': builderID,
        'spec.children.notes': notes,
        'spec.deletionGuard': deletionGuard,
      }),
      ...(repositories.length > 0 && allowedRepositories.length === 0 ? ['spec.subjects.allowedRepositories'] : []),
    ],
  };
}

/** The operator's default and limit of retention, as the ceilings of a namespace narrow them: the shortest limit, and the first default. */
export function ceilingRetention(specs: readonly CeilingSpec[], retention: RetentionLimits): RetentionLimits {
  const limits = [retention.maxSeconds, ...specs.map(({ record }) => record?.maxSeconds ?? 0)].filter(
    (limit) => limit > 0,
  );
  const [given] = specs.flatMap(({ record }) => record?.default ?? []);
  return {
    default:
      given === undefined
        ? retention.default
        : { type: given.retention, seconds: given.seconds ?? retention.default.seconds },
    maxSeconds: limits.length === 0 ? 0 : Math.min(...limits),
  };
}

function unset(values: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.entries(values).flatMap(([field, value]) => (value === undefined ? [field] : []));
}

function lists<Value>(
  specs: readonly CeilingSpec[],
  listOf: (spec: CeilingSpec) => readonly Value[] | undefined,
): readonly (readonly Value[])[] {
  return specs.map(listOf).filter((list) => list !== undefined);
}

/** The usual default if all lists have it, else the first value that all have. */
function common<Value>(usual: Value, all: readonly (readonly Value[])[]): Value | undefined {
  const [first] = all;
  if (first === undefined) return usual;
  return [usual, ...first].find((value) => all.every((list) => list.includes(value)));
}

/** The usual default if globs of all lists take it, else the first glob without a star that they take. */
function literal(usual: string, all: readonly (readonly string[])[]): string | undefined {
  const stated = all.flat().filter((glob) => !glob.includes('*'));
  return [usual, ...stated].find((value) => all.every((globs) => globs.some((glob) => globMatches(glob, value))));
}

/** The globs that lie within every list. */
function commonGlobs(all: readonly (readonly string[])[]): readonly string[] {
  return [...new Set(all.flat())].filter((glob) => all.every((globs) => globsCover(globs, glob)));
}
