// SPDX-License-Identifier: Apache-2.0
import { SigningError } from '../../signing-error.ts';

/** The key that an `awskms://` URI names. */
export interface AwsKeyName {
  /** Key id, multi-Region key id, key ARN, alias name or alias ARN. */
  readonly keyId: string;
  /** `https://host[:port]`; the region's own when absent. */
  readonly endpoint?: string;
  /** The region of an ARN. */
  readonly region?: string;
}

const ID = '(?:mrk-[0-9A-Fa-f]{32}|[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12})';
const ALIAS = 'alias/[\\w/-]{1,250}';
const KEY = new RegExp(`^(?:${ID}|${ALIAS}|arn:aws[a-z-]*:kms:([a-z0-9-]+):\\d{12}:(?:key/${ID}|${ALIAS}))$`);

/**
 * Reads `awskms://[host[:port]]/KEY` (reference 05 §5.3). As with the reference's signers, a host is called by https; caBundleRef
 * has the certificate of one that is private.
 * @throws SigningError `KeyNotFound`
 */
export function awsKeyName(uri: string): AwsKeyName {
  const [, host = '', keyId = ''] = /^awskms:\/\/([^/]*)\/(.*)$/.exec(uri) ?? [];
  const match = KEY.exec(keyId);
  const url = host === '' ? undefined : URL.parse(`https://${host}`);
  if (match === null || url === null || (url !== undefined && url.href !== `https://${url.host}/`)) {
    const message = `key ${uri} is not awskms://[host]/ and then a key id, alias/NAME or the ARN of either: name it so`;
    throw new SigningError('KeyNotFound', message);
  }
  const [, region] = match;
  return {
    keyId,
    ...(url === undefined ? {} : { endpoint: url.origin }),
    ...(region === undefined ? {} : { region }),
  };
}
