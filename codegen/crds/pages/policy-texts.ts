// SPDX-License-Identifier: Apache-2.0
import { effectiveSigningPolicySpec } from '../../../src/api/v1alpha1/signing-policy/defaults.ts';
import type { Reason } from '../../../src/api/v1alpha1/reasons.ts';
import { ageColumn, messageColumn, readyColumns } from '../columns.ts';
import { flatDefaults } from '../flat-defaults.ts';
import type { Column, Defaults } from '../kind-page.ts';

/** Texts on the pages of both policy kinds. */
export const policyColumns: readonly Column[] = [
  ...readyColumns,
  { name: 'Signer', type: 'string', jsonPath: '.spec.signer.type', description: 'Type of the signer.' },
  { name: 'Mode', type: 'string', jsonPath: '.status.effective.mode', description: 'Enforce or Audit.' },
  {
    name: 'Suspended',
    type: 'boolean',
    jsonPath: '.status.effective.suspend',
    description: 'Whether it is suspended.',
    wide: true,
  },
  messageColumn,
  ageColumn,
];

export const policyConditions = [
  { type: 'Ready', meaning: 'Key and backends are usable, so selected runs are signed and stored.' },
  {
    type: 'KeyReady',
    meaning: 'The signer can sign now: a trial signature verified. The message also warns of a key that ends soon.',
  },
  {
    type: 'BackendsReady',
    meaning: 'The policy has at least one backend, every backend that it names exists, and all of them are ready.',
  },
  { type: 'Reconciling', meaning: 'The operator is still working on this generation, or will retry.' },
  { type: 'Stalled', meaning: 'Nothing will change until you act; the message says how.' },
] as const;

export const policyReasons: readonly Reason[] = [
  'Ready',
  'AuditOnly',
  'Suspended',
  'CeilingExceeded',
  'GuardForbidden',
  'AnnotationForbidden',
  'PolicyInvalid',
  'KeyNotFound',
  'KeyInvalid',
  'KeyExpired',
  'SignerUnavailable',
  'SignerUnauthorized',
  'EndpointForbidden',
  'BackendNotFound',
  'BackendNotReady',
];

const minimal = { signer: { type: 'Key' as const, key: { secretRef: { name: 'signing-secrets' } } } };

export const policyDefaults: Defaults = flatDefaults(
  effectiveSigningPolicySpec(minimal, "the time of the policy's creation"),
  minimal,
);
