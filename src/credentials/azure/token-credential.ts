// SPDX-License-Identifier: Apache-2.0
import type { KeyClient } from '@azure/keyvault-keys';

/** An identity as Azure's client libraries take it. */
export type TokenCredential = ConstructorParameters<typeof KeyClient>[1];
