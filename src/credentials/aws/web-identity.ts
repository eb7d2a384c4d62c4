// SPDX-License-Identifier: Apache-2.0
import type { EgressClient } from '../../net/egress-client.ts';
import { EgressError } from '../../net/egress-error.ts';
import type { TlsOptions } from '../../net/tls-options.ts';
import { abortable } from '../../runtime/abortable.ts';
import type { SecretValue } from '../../runtime/secret-value.ts';
import type { AwsSecrets } from './aws-identity.ts';
import { awsRequestHandler } from './aws-request-handler.ts';
import { awsStatus } from './aws-response.ts';
import { CredentialError } from '../credential-error.ts';

export interface WebIdentity {
  readonly token: SecretValue;
  readonly roleARN: string;
  /** Shows in AWS's audit log. */
  readonly sessionName: string;
  readonly region: string;
  readonly endpoint: string;
  readonly tls: TlsOptions;
  /** The owner of the token, for messages. */
  readonly who: string;
}

/** Credentials of a role for a token that its trust policy accepts (STS AssumeRoleWithWebIdentity). @throws CredentialError, EgressError */
export async function assumeRole(
  identity: WebIdentity,
  egress: EgressClient,
  signal: AbortSignal,
): Promise<AwsSecrets> {
  const { fromWebToken } = await import('@aws-sdk/credential-provider-web-identity');
  const { region, endpoint, roleARN, sessionName, token, tls } = identity;
  const requestHandler = awsRequestHandler(egress, { tls });
  const provider = fromWebToken({
    roleArn: roleARN,
    roleSessionName: sessionName.replaceAll(/[^\w+=,.@-]/g, '-').slice(0, 64),
    webIdentityToken: token.revealText(),
    // One attempt: the caller tries again.
    clientConfig: { region, endpoint, requestHandler, maxAttempts: 1 },
  });
  try {
    return await abortable(provider(), signal);
  } catch (error) {
    signal.throwIfAborted();
    throw translated(error, identity);
  } finally {
    requestHandler.destroy();
  }
}

/** The SDK's errors hold the request with its token: nothing of them is kept. */
function translated(error: unknown, { endpoint, roleARN, who }: WebIdentity): Error {
  if (error instanceof EgressError) return error;
  const status = awsStatus(error) ?? 0;
  if (status >= 400 && status < 500 && status !== 429) {
    const message = `${endpoint} does not let ${who} assume role ${roleARN}: let the role's trust policy name the cluster's issuer and this ServiceAccount`;
    return new CredentialError('Unauthorized', message);
  }
  return new CredentialError('Unavailable', `${endpoint} gives no credentials for role ${roleARN}; it is tried again`);
}
