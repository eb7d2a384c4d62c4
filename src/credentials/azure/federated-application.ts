// SPDX-License-Identifier: Apache-2.0
import type { Access } from '../access.ts';
import type { Identity } from '../identity.ts';
import { tokenHost } from '../token-host.ts';
import type { Application } from './application-token.ts';
import { CredentialError } from '../credential-error.ts';

export interface FederatedApplicationOptions {
  readonly identity: Extract<Identity, { type: 'ServiceAccount' }>;
  readonly authority: URL;
  readonly tenantID?: string | undefined;
  readonly clientID?: string | undefined;
}

/** The audience that Entra ID accepts for federated identities. */
const AUDIENCE = 'api://AzureADTokenExchange';
const TIMEOUT_MS = 10_000;

/**
 * The application that trusts a team's ServiceAccount: its token is the application's assertion.
 * @throws CredentialError `Invalid` without directory and application
 */
export function federatedApplication(
  { identity, authority, tenantID, clientID }: FederatedApplicationOptions,
  { tokens }: Access,
): () => Promise<Application> {
  if (tenantID === undefined || clientID === undefined) {
    const message = 'a ServiceAccount needs tenantID and clientID: set those of the application that trusts it';
    throw new CredentialError('Invalid', message);
  }
  const { namespace, serviceAccountName } = identity;
  const request = { namespace, serviceAccountName, audience: AUDIENCE, host: tokenHost(authority) };
  const application: Application = {
    name: `ServiceAccount "${namespace}/${serviceAccountName}"`,
    remedy: `add a federated credential with the cluster's issuer and this subject to application "${clientID}"`,
    authority,
    tenantID,
    clientID,
    proof: {
      type: 'Assertion',
      assertion: async () => {
        const { token } = await tokens.token(request, AbortSignal.timeout(TIMEOUT_MS));
        return token.revealText();
      },
    },
  };
  return () => Promise.resolve(application);
}
