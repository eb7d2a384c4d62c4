// SPDX-License-Identifier: Apache-2.0
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { toTrustMaterial } from '@sigstore/verify';
import { TrustError } from './trust-error.ts';

/**
 * Parses the JSON of a trusted root, and requires that all its keys and certificates are readable.
 * @param source its origin, for messages
 * @throws TrustError `Invalid`
 */
export function parseTrustedRoot(text: string, source: string): TrustedRoot {
  const root = parsed(text, source);
  const { certificateAuthorities, timestampAuthorities, tlogs } = root;
  if (certificateAuthorities.length + timestampAuthorities.length + tlogs.length > 0) return root;
  throw new TrustError('Invalid', `${source} names no certificate authority, log or timestamp authority`);
}

function parsed(text: string, source: string): TrustedRoot {
  try {
    const root = TrustedRoot.fromJSON(JSON.parse(text));
    toTrustMaterial(root, {});
    return root;
  } catch (error) {
    const message = `${source} is not a trusted root; it must be JSON as sigstore's trusted_root.json`;
    throw new TrustError('Invalid', message, { cause: error });
  }
}
