// SPDX-License-Identifier: Apache-2.0
import type { EgressClient } from '../../net/egress-client.ts';
import { EgressError } from '../../net/egress-error.ts';
import type { TlsOptions } from '../../net/tls-options.ts';
import type { SecretValue } from '../../runtime/secret-value.ts';
import type { AwsSecrets } from './aws-credentials.ts';
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
  /** Whose token it is, for messages. */
  readonly who: string;
}

/** Credentials of a role for a token that its trust policy takes (STS AssumeRoleWithWebIdentity). @throws CredentialError, EgressError */
export async function assumeRole(
  identity: WebIdentity,
  egress: EgressClient,
  signal: AbortSignal,
): Promise<AwsSecrets> {
  const { AssumeRoleWithWebIdentityCommand, STSClient } = await import('@aws-sdk/client-sts');
  const client = new STSClient({
    region: identity.region,
    endpoint: identity.endpoint,
    requestHandler: awsRequestHandler(egress, { tls: identity.tls }),
    // Whoever asks tries again by itself.
    maxAttempts: 1,
  });
  try {
    const command = new AssumeRoleWithWebIdentityCommand({
      RoleArn: identity.roleARN,
      RoleSessionName: identity.sessionName.replaceAll(/[^\w+=,.@-]/g, '-').slice(0, 64),
      WebIdentityToken: identity.token.revealText(),
    });
    const { Credentials: given } = await client.send(command, { abortSignal: signal });
    if (given?.AccessKeyId === undefined || given.SecretAccessKey === undefined || given.SessionToken === undefined)
      throw new CredentialError(
        'Unavailable',
        `${identity.endpoint} gives no credentials for role ${identity.roleARN}`,
      );
    return {
      accessKeyId: given.AccessKeyId,
      secretAccessKey: given.SecretAccessKey,
      sessionToken: given.SessionToken,
      ...(given.Expiration === undefined ? {} : { expiration: given.Expiration }),
    };
  } catch (error) {
    signal.throwIfAborted();
    throw translated(error, identity);
  } finally {
    client.destroy();
  }
}

/** The SDK's errors hold the request with its token: nothing of them is kept. */
function translated(error: unknown, { endpoint, roleARN, who }: WebIdentity): Error {
  if (error instanceof CredentialError || error instanceof EgressError) return error;
  const status = awsStatus(error) ?? 0;
  if (status >= 400 && status < 500 && status !== 429) {
    const message = `${endpoint} does not let ${who} assume role ${roleARN}: let the role's trust policy name the cluster's issuer and this ServiceAccount`;
    return new CredentialError('Unauthorized', message);
  }
  return new CredentialError('Unavailable', `${endpoint} gives no credentials for role ${roleARN}; it is tried again`);
}
