// SPDX-License-Identifier: Apache-2.0
import { CredentialError } from '../credential-error.ts';

const REGION = /^[a-z]{2,}(-[a-z0-9]+)+$/;

/** The region, as it may stand in a host name. @throws CredentialError */
export function awsRegion(region: string): string {
  if (REGION.test(region)) return region;
  throw new CredentialError(
    'Invalid',
    `"${region}" is not a region of AWS, such as eu-central-1: set the key's region`,
  );
}

/** The STS endpoint of a region. The configuration must allow tokens to go to its host. */
export function stsEndpoint(region: string): string {
  return `https://sts.${awsRegion(region)}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
}
