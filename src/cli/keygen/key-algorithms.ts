// SPDX-License-Identifier: Apache-2.0

export const algorithms = ['p256', 'p384', 'p521', 'rsa', 'ed25519'] as const;
export type Algorithm = (typeof algorithms)[number];
export const keyFormats = ['cosign', 'x509'] as const;
export type KeyFormat = (typeof keyFormats)[number];

/**
 * Returns the format whose signatures cosign can verify. Cosign verifies SHA-256 for every curve, which an x509.pem uses, while a
 * cosign.key uses the hash of its curve.
 */
export function defaultFormat(algorithm: Algorithm): KeyFormat {
  return algorithm === 'p256' || algorithm === 'rsa' ? 'cosign' : 'x509';
}
