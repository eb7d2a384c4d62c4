// SPDX-License-Identifier: Apache-2.0
import { backendCases } from './backend-cases.ts';
import { databaseBackendCases } from './database-backend-cases.ts';
import type { RefusedManifest } from './case.ts';
import { policyCases } from './policy-cases.ts';
import { recordCases } from './record-cases.ts';
import { retiredKeyCases } from './retired-key-cases.ts';
import { selectorCases } from './selector-cases.ts';
import { signerCases } from './signer-cases.ts';

/**
 * One table for the test of the parsers and for the test against a real API server, so that the two cannot come apart.
 */
export const refusedManifests: readonly RefusedManifest[] = [
  ...selectorCases,
  ...policyCases,
  ...signerCases,
  ...retiredKeyCases,
  ...backendCases,
  ...databaseBackendCases,
  ...recordCases,
];
