// SPDX-License-Identifier: Apache-2.0
import type { Configuration } from '@azure/msal-node';

type LoggerOptions = NonNullable<NonNullable<Configuration['system']>['loggerOptions']>;

/** Drops the notes of Microsoft's library: they tell of answers and environment variables. */
export const silentLogger: LoggerOptions = { loggerCallback: () => undefined, piiLoggingEnabled: false };
