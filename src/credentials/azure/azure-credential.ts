// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { TlsOptions } from '../../net/tls-options.ts';
import type { AccessToken } from '../access-token.ts';
import type { Access } from '../access.ts';
import { CredentialError } from '../credential-error.ts';
import type { Identity } from '../identity.ts';
import { KeptToken } from '../kept-token.ts';
import { type Application, applicationToken } from './application-token.ts';
import { authorityOf } from './authority.ts';
import { federatedApplication } from './federated-application.ts';
import { managedIdentity } from './managed-identity.ts';
import { operatorApplication } from './operator-application.ts';
import { secretApplication } from './secret-application.ts';
import type { TokenCredential } from './token-credential.ts';

export interface AzureCredentialOptions {
  /** A Secret has tenantID, clientID and clientSecret. */
  readonly identity: Identity;
  /** The directory where the Secret names none. */
  readonly tenantID?: string | undefined;
  /** The application where the Secret names none. */
  readonly clientID?: string | undefined;
  /** Default https://login.microsoftonline.com. */
  readonly authorityHost?: string | undefined;
  readonly tls?: TlsOptions | undefined;
}

/** Finds the application of the next token, each time. */
type ApplicationSource = (signal: AbortSignal) => Promise<Application>;

const MAX_SCOPES = 8;
const TIMEOUT_MS = 20_000;

/**
 * An identity for Azure's client libraries. Nothing is asked for yet; tokens come through the egress client from the authority that
 * the options name, whatever authority and directory a server's challenge speaks of. Rejects with CredentialError or
 * EgressError.
 * @throws CredentialError `Invalid` for settings that cannot work
 */
export function azureCredential(options: AzureCredentialOptions, access: Access): TokenCredential {
  const { identity } = options;
  const authority = authorityOf(options.authorityHost);
  switch (identity.type) {
    case 'Secret':
      return applicationCredential(secretApplication({ ...options, identity, authority }, access), options, access);
    case 'ServiceAccount':
      return applicationCredential(federatedApplication({ ...options, identity, authority }, access), options, access);
    case 'Operator': {
      const application = operatorApplication(options);
      if (application === undefined) return managedIdentity(options);
      return applicationCredential(() => Promise.resolve(application), options, access);
    }
  }
}

function applicationCredential(
  source: ApplicationSource,
  { tls }: AzureCredentialOptions,
  access: Access,
): TokenCredential {
  const kept = new Map<string, KeptToken>();
  return {
    getToken: async (scopes, { tenantId } = {}) => {
      const application = await source(AbortSignal.timeout(TIMEOUT_MS));
      if (tenantId !== undefined && tenantId.toLowerCase() !== application.tenantID.toLowerCase())
        throw otherTenant(application);
      const scope = Array.isArray(scopes) ? scopes.join(' ') : scopes;
      const tokens = kept.get(scope) ?? new KeptToken(access.clock);
      if (kept.size >= MAX_SCOPES) kept.clear();
      kept.set(scope, tokens);
      const token = await tokens.token(fingerprint(application), (signal) =>
        applicationToken({ application, scope, tls }, access, signal),
      );
      return answer(token, access);
    },
  };
}

function answer({ token, expiresAt }: AccessToken, { clock }: Access): { token: string; expiresOnTimestamp: number } {
  return { token: token.revealText(), expiresOnTimestamp: (expiresAt ?? clock.now()).getTime() };
}

function otherTenant({ name, tenantID }: Application): CredentialError {
  const message = `the server wants tokens of another directory than "${tenantID}", which ${name} is of: name the server's own, by its ID`;
  return new CredentialError('Unauthorized', message);
}

function fingerprint({ tenantID, clientID, proof }: Application): string {
  const secret = proof.type === 'Secret' ? proof.clientSecret.revealText() : '';
  return createHash('sha256')
    .update(JSON.stringify([tenantID, clientID, secret]))
    .digest('hex');
}
