// SPDX-License-Identifier: Apache-2.0
import type { Reason } from '../../../src/api/v1alpha1/reasons.ts';
import { effectiveStorageBackendSpec } from '../../../src/api/v1alpha1/storage-backend/defaults.ts';
import { ageColumn, messageColumn, readyColumns } from '../columns.ts';
import { flatDefaults } from '../flat-defaults.ts';
import type { Column, Defaults } from '../kind-page.ts';

/** Texts on the pages of both backend kinds. */
export const backendColumns: readonly Column[] = [
  ...readyColumns,
  { name: 'Type', type: 'string', jsonPath: '.spec.type', description: 'Where evidence goes.' },
  messageColumn,
  ageColumn,
];

export const backendConditions = [
  {
    type: 'Ready',
    meaning: 'Evidence can be stored: everything that the backend names exists, and the probe succeeded.',
  },
  { type: 'Reconciling', meaning: 'The operator is still working on this generation, or will retry.' },
  { type: 'Stalled', meaning: 'Nothing will change until you act; the message says how.' },
] as const;

export const backendReasons: readonly Reason[] = [
  'Ready',
  'CeilingExceeded',
  'BackendNotReady',
  'BackendUnauthorized',
  'BackendUnavailable',
  'BackendRejected',
  'EndpointForbidden',
];

const minimal = {
  type: 'OCI' as const,
  oci: { encoding: 'CosignTags' as const, tls: { caBundleRef: { name: 'ca' } } },
};

export const backendDefaults: Defaults = flatDefaults(effectiveStorageBackendSpec(minimal), minimal);
