// SPDX-License-Identifier: Apache-2.0
import { SigningError } from '../../signing-error.ts';

/** A key of Google Cloud KMS, by resource names. */
export interface GoogleKeyName {
  /** `projects/…/cryptoKeys/KEY`. */
  readonly key: string;
  /** `projects/…/cryptoKeyVersions/V`; absent: the latest that is enabled. */
  readonly version?: string;
}

const URI =
  /^gcpkms:\/\/(projects\/[\w.:-]{1,63}\/locations\/[\w-]{1,63}\/keyRings\/[\w-]{1,63}\/cryptoKeys\/[\w-]{1,63})(?:\/(?:cryptoKeyVersions|versions)\/([1-9]\d{0,8}))?$/;

/** @throws SigningError `KeyNotFound` for a URI that names no key */
export function googleKeyName(uri: string): GoogleKeyName {
  const [, key, version] = URI.exec(uri) ?? [];
  if (key === undefined) {
    const message = `key ${uri} is not a key name: write gcpkms://projects/P/locations/L/keyRings/R/cryptoKeys/K, with /cryptoKeyVersions/V for one version of it`;
    throw new SigningError('KeyNotFound', message);
  }
  return version === undefined ? { key } : { key, version: `${key}/cryptoKeyVersions/${version}` };
}
