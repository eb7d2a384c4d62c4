// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import type { EgressClient } from '../../net/egress-client.ts';
import { SecretValue } from '../../runtime/secret-value.ts';
import type { AwsIdentityOptions, AwsSecrets } from './aws-identity.ts';
import { awsRegion, stsEndpoint } from './aws-region.ts';
import { containerSecrets } from './container-secrets.ts';
import { assumeRole } from './web-identity.ts';
import { CredentialError } from '../credential-error.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The operator's own identity, by the variables that AWS's tools use: static credentials, a web identity token file (IRSA), or a
 * pod identity agent. The metadata service of the machine is not asked: its role is the node's, not the operator's.
 * @throws CredentialError
 */
export async function operatorSecrets(
  options: AwsIdentityOptions,
  egress: EgressClient,
  signal: AbortSignal,
  environment: Environment = process.env,
): Promise<AwsSecrets> {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = environment;
  const { AWS_SESSION_TOKEN: sessionToken, AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile } = environment;
  if (accessKeyId !== undefined && secretAccessKey !== undefined)
    return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
  if (tokenFile !== undefined) return webIdentity(options, { egress, tokenFile, environment }, signal);
  const fromAgent = await containerSecrets(environment, signal);
  if (fromAgent !== undefined) return fromAgent;
  const message =
    'the operator has no AWS identity of its own: give its pods IRSA, EKS Pod Identity or AWS_ACCESS_KEY_ID, or name a Secret or ServiceAccount';
  throw new CredentialError('NotFound', message);
}

async function webIdentity(
  options: AwsIdentityOptions,
  from: { readonly egress: EgressClient; readonly tokenFile: string; readonly environment: Environment },
  signal: AbortSignal,
): Promise<AwsSecrets> {
  const roleARN = options.roleARN ?? from.environment['AWS_ROLE_ARN'];
  if (roleARN === undefined)
    throw new CredentialError('Invalid', 'the operator has AWS_WEB_IDENTITY_TOKEN_FILE and no AWS_ROLE_ARN: set both');
  const token = await readFile(from.tokenFile, { encoding: 'utf8', signal }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw new CredentialError('NotFound', 'the file of AWS_WEB_IDENTITY_TOKEN_FILE cannot be read', { cause: error });
  });
  const identity = {
    token: new SecretValue(token.trim()),
    roleARN,
    sessionName: from.environment['AWS_ROLE_SESSION_NAME'] ?? 'hallmark',
    region: awsRegion(options.region),
    endpoint: options.stsEndpoint ?? stsEndpoint(options.region),
    tls: options.tls ?? {},
    who: 'the operator',
  };
  return assumeRole(identity, from.egress, signal);
}
