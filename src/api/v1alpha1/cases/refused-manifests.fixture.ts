// SPDX-License-Identifier: Apache-2.0
import { backendCases } from './backend-cases.fixture.ts';
import { ceilingCases } from './ceiling-cases.fixture.ts';
import { databaseBackendCases } from './database-backend-cases.fixture.ts';
import type { RefusedManifest } from './case.fixture.ts';
import { policyCases } from './policy-cases.fixture.ts';
import { recordCases } from './record-cases.fixture.ts';
import { retiredKeyCases } from './retired-key-cases.fixture.ts';
import { selectorCases } from './selector-cases.fixture.ts';
import { signerCases } from './signer-cases.fixture.ts';

/** One table for the test of the parsers and the test against a real API server, which keeps them equal. */
export const refusedManifests: readonly RefusedManifest[] = [
  ...selectorCases,
  ...policyCases,
  ...signerCases,
  ...retiredKeyCases,
  ...backendCases,
  ...databaseBackendCases,
  ...ceilingCases,
  ...recordCases,
];
