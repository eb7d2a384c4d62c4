// SPDX-License-Identifier: Apache-2.0
import type { KindPage } from '../kind-page.ts';
import { clusterSigningPolicyPage } from './cluster-signing-policy.ts';
import { clusterStorageBackendPage } from './cluster-storage-backend.ts';
import { policyCeilingPage } from './policy-ceiling.ts';
import { provenanceRecordPage } from './provenance-record.ts';
import { signingPolicyPage } from './signing-policy.ts';
import { storageBackendPage } from './storage-backend.ts';

/** Every kind's page, in the order of the documentation. */
export const pages: readonly KindPage[] = [
  signingPolicyPage,
  storageBackendPage,
  clusterSigningPolicyPage,
  clusterStorageBackendPage,
  policyCeilingPage,
  provenanceRecordPage,
];
