// SPDX-License-Identifier: Apache-2.0
import type { Identity } from '../identity.ts';
import type { ObjectReader } from '../object-reader.ts';
import type { AwsSecrets } from './aws-identity.ts';
import { CredentialError } from '../credential-error.ts';

/** `aws_access_key_id`, `aws_secret_access_key` and, for temporary ones, `aws_session_token` of a Secret. @throws CredentialError */
export async function staticSecrets(
  { namespace, secretName }: Extract<Identity, { type: 'Secret' }>,
  objects: ObjectReader,
  signal: AbortSignal,
): Promise<AwsSecrets> {
  const name = `Secret "${namespace}/${secretName}"`;
  const data = await objects.getSecret(namespace, secretName, signal);
  if (data === undefined)
    throw new CredentialError(
      'NotFound',
      `${name} does not exist: create it with the entries "aws_access_key_id" and "aws_secret_access_key"`,
    );
  const sessionToken = entry(data, 'aws_session_token');
  const accessKeyId = entry(data, 'aws_access_key_id');
  const secretAccessKey = entry(data, 'aws_secret_access_key');
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    const missing = accessKeyId === undefined ? 'aws_access_key_id' : 'aws_secret_access_key';
    throw new CredentialError('Invalid', `${name} has no entry "${missing}": add it`);
  }
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
}

/** Trimmed: a file that ends with a newline is the usual way to make such a Secret. */
function entry(data: Readonly<Record<string, Uint8Array>>, name: string): string | undefined {
  const bytes = data[name];
  const text = bytes === undefined ? '' : Buffer.from(bytes).toString('utf8').trim();
  return text === '' ? undefined : text;
}
