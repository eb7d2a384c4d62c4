// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { stringField } from '../../json/fields.ts';
import type { AwsSecrets } from './aws-identity.ts';
import { CredentialError } from '../credential-error.ts';

/** The agents of ECS and EKS, which are not reached over TLS. */
const AGENTS = new Set(['169.254.170.2', '169.254.170.23', '[fd00:ec2::23]', 'localhost', '127.0.0.1', '[::1]']);
const MAX_BYTES = 64 * 1024;

/**
 * Credentials from the agent of EKS Pod Identity (or ECS); undefined when the environment names none. Not through the egress client: the
 * address is of the pod's own environment, which no tenant writes, and is link-local. @throws CredentialError
 */
export async function containerSecrets(
  environment: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<AwsSecrets | undefined> {
  const { AWS_CONTAINER_CREDENTIALS_FULL_URI: full, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file } = environment;
  if (full === undefined) return undefined;
  const url = URL.parse(full);
  if (url === null || !(url.protocol === 'https:' || (url.protocol === 'http:' && AGENTS.has(url.hostname))))
    throw new CredentialError(
      'Invalid',
      'AWS_CONTAINER_CREDENTIALS_FULL_URI is not https and no agent of this machine',
    );
  try {
    const token = file === undefined ? undefined : (await readFile(file, { encoding: 'utf8', signal })).trim();
    const headers = token === undefined ? {} : { authorization: token };
    const response = await fetch(url, { headers, signal, redirect: 'error' });
    const text = await response.text();
    const secrets = response.ok && text.length <= MAX_BYTES ? parsed(text) : undefined;
    if (secrets !== undefined) return secrets;
  } catch {
    signal.throwIfAborted();
  }
  const message = `the agent of AWS_CONTAINER_CREDENTIALS_FULL_URI (${url.host}) gives the operator no credentials: check its pod identity association`;
  throw new CredentialError('Unavailable', message);
}

function parsed(text: string): AwsSecrets | undefined {
  const value: unknown = JSON.parse(text);
  const accessKeyId = stringField(value, 'AccessKeyId');
  const secretAccessKey = stringField(value, 'SecretAccessKey');
  const sessionToken = stringField(value, 'Token');
  const expiration = new Date(stringField(value, 'Expiration') ?? '');
  if (accessKeyId === undefined || secretAccessKey === undefined || sessionToken === undefined) return undefined;
  return {
    accessKeyId,
    secretAccessKey,
    sessionToken,
    ...(Number.isNaN(expiration.getTime()) ? {} : { expiration }),
  };
}
