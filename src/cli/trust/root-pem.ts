// SPDX-License-Identifier: Apache-2.0
import type { PublicKey, X509Certificate } from '@sigstore/protobuf-specs';

/** Formats a certificate of a trusted root as PEM. */
export function certificatePem({ rawBytes }: X509Certificate): string {
  return pem('CERTIFICATE', rawBytes);
}

/** Formats a log's key of a trusted root as PEM. */
export function publicKeyPem({ rawBytes }: PublicKey): string {
  return pem('PUBLIC KEY', rawBytes ?? Buffer.alloc(0));
}

function pem(label: string, bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}
