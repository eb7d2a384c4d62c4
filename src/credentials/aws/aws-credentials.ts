// SPDX-License-Identifier: Apache-2.0
import type { Access } from '../access.ts';
import { tokenHost } from '../token-host.ts';
import type { AwsIdentityOptions, AwsSecrets } from './aws-identity.ts';
import { awsRegion, stsEndpoint } from './aws-region.ts';
import { operatorSecrets } from './operator-secrets.ts';
import { staticSecrets } from './static-secrets.ts';
import { assumeRole } from './web-identity.ts';
import { CredentialError } from '../credential-error.ts';

/** The `credentials` of the SDK's clients. */
export type AwsCredentialProvider = () => Promise<AwsSecrets>;

const TIMEOUT_MS = 10_000;
/** The SDK asks again within the last five minutes; so do we, to give it others then. */
const SPARE_MS = 300_000;
/** The audience of web identity tokens. */
const AUDIENCE = 'sts.amazonaws.com';

/**
 * Credentials of an identity, read or exchanged with the first request and again before they end. Rejects with
 * CredentialError or EgressError, through the SDK's client as well.
 */
export function awsCredentials(options: AwsIdentityOptions, access: Access): AwsCredentialProvider {
  const { identity } = options;
  if (identity.type === 'Secret') {
    // An end in the past makes the SDK ask for each request: the reader keeps a Secret for a moment, the SDK would for ever.
    return async () => ({
      ...(await staticSecrets(identity, access.objects, AbortSignal.timeout(TIMEOUT_MS))),
      expiration: new Date(0),
    });
  }
  const fetch =
    identity.type === 'ServiceAccount'
      ? (signal: AbortSignal) => accountSecrets(options, access, signal)
      : (signal: AbortSignal) => operatorSecrets(options, access.egress, signal);
  let cached: AwsSecrets | undefined;
  return async () => {
    const nowMs = access.clock.now().getTime();
    if (cached?.expiration !== undefined && cached.expiration.getTime() - SPARE_MS > nowMs) return cached;
    cached = await fetch(AbortSignal.timeout(TIMEOUT_MS));
    return cached;
  };
}

async function accountSecrets(options: AwsIdentityOptions, access: Access, signal: AbortSignal): Promise<AwsSecrets> {
  const { identity, roleARN, tls = {} } = options;
  if (identity.type !== 'ServiceAccount') throw new TypeError('only a ServiceAccount has a token');
  const { namespace, serviceAccountName } = identity;
  const who = `ServiceAccount "${namespace}/${serviceAccountName}"`;
  if (roleARN === undefined)
    throw new CredentialError('Invalid', `${who} has no role to assume: set roleARN next to serviceAccountName`);
  const endpoint = options.stsEndpoint ?? stsEndpoint(options.region);
  const host = tokenHost(new URL(endpoint));
  const { token } = await access.tokens.token({ namespace, serviceAccountName, audience: AUDIENCE, host }, signal);
  const sessionName = `hallmark-${namespace}-${serviceAccountName}`;
  const region = awsRegion(options.region);
  return assumeRole({ token, roleARN, sessionName, region, endpoint, tls, who }, access.egress, signal);
}
