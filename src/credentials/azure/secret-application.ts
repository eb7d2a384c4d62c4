// SPDX-License-Identifier: Apache-2.0
import { SecretValue } from '../../runtime/secret-value.ts';
import type { Access } from '../access.ts';
import type { Identity } from '../identity.ts';
import type { Application } from './application-token.ts';
import { CredentialError } from '../credential-error.ts';

export interface SecretApplicationOptions {
  readonly identity: Extract<Identity, { type: 'Secret' }>;
  readonly authority: URL;
  readonly tenantID?: string | undefined;
  readonly clientID?: string | undefined;
}

/** The application of a Secret with tenantID, clientID and clientSecret, which is read at each use. */
export function secretApplication(
  { identity, authority, ...settings }: SecretApplicationOptions,
  { objects }: Access,
): (signal: AbortSignal) => Promise<Application> {
  const secret = `Secret "${identity.namespace}/${identity.secretName}"`;
  return async (signal) => {
    const entries = await objects.getSecret(identity.namespace, identity.secretName, signal);
    if (entries === undefined) throw new CredentialError('NotFound', `${secret} does not exist: create it`);
    const text = (entry: string): string | undefined => {
      const bytes = entries[entry];
      const value = bytes === undefined ? '' : Buffer.from(bytes).toString('utf8').trim();
      return value === '' ? undefined : value;
    };
    const need = (entry: string, setting: string | undefined): string => {
      const value = text(entry) ?? setting;
      if (value === undefined) throw new CredentialError('Invalid', `${secret} has no entry "${entry}": put it there`);
      return value;
    };
    return {
      name: `the application of ${secret}`,
      remedy: 'put valid tenantID, clientID and clientSecret there',
      authority,
      tenantID: need('tenantID', settings.tenantID),
      clientID: need('clientID', settings.clientID),
      proof: { type: 'Secret', clientSecret: new SecretValue(need('clientSecret', undefined)) },
    };
  };
}
