// SPDX-License-Identifier: Apache-2.0
import type { Access } from '../../../credentials/access.ts';
import type { AccessToken } from '../../../credentials/access-token.ts';
import { awsCredentials } from '../../../credentials/aws/aws-credentials.ts';
import { awsRequestHandler } from '../../../credentials/aws/aws-request-handler.ts';
import type { Identity } from '../../../credentials/identity.ts';
import { SecretValue } from '../../../runtime/secret-value.ts';
import { awsFailure } from '../../aws/aws-failure.ts';
import { StorageError } from '../../storage-error.ts';

export interface EcrOptions {
  readonly identity: Identity;
  readonly region: string;
  readonly roleARN?: string | undefined;
  /** The registry API's endpoint; the region's own by default. */
  readonly endpoint?: string | undefined;
  readonly stsEndpoint?: string | undefined;
}

const TIMEOUT_MS = 15_000;
const MAX_RESPONSE_BYTES = 256 * 1024;

/** Get the password of ECR's user AWS, which is valid for 12 hours. @throws StorageError, CredentialError or EgressError */
export async function ecrPassword(options: EcrOptions, access: Access, signal: AbortSignal): Promise<AccessToken> {
  const { identity, region, roleARN, stsEndpoint, endpoint } = options;
  const { ECRClient, GetAuthorizationTokenCommand } = await import('@aws-sdk/client-ecr');
  const client = new ECRClient({
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    credentials: awsCredentials({ identity, region, roleARN, stsEndpoint }, access),
    requestHandler: awsRequestHandler(access.egress, { timeoutMs: TIMEOUT_MS, maxResponseBytes: MAX_RESPONSE_BYTES }),
    maxAttempts: 1,
    // Ignore endpoints in the operator's own environment: they are not for the registries of teams.
    ignoreConfiguredEndpointUrls: true,
  });
  const doing = `asking ECR in ${region} for a registry token`;
  try {
    const { authorizationData } = await client.send(new GetAuthorizationTokenCommand({}), { abortSignal: signal });
    const [given] = authorizationData ?? [];
    const text = Buffer.from(given?.authorizationToken ?? '', 'base64').toString('utf8');
    if (!text.startsWith('AWS:')) throw new StorageError('BackendUnavailable', `${doing}: it gives none`);
    const expiresAt = given?.expiresAt;
    return { token: new SecretValue(text.slice('AWS:'.length)), ...(expiresAt === undefined ? {} : { expiresAt }) };
  } catch (error) {
    throw awsFailure(error, doing);
  } finally {
    client.destroy();
  }
}
