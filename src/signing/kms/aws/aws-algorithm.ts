// SPDX-License-Identifier: Apache-2.0
import type { SigningAlgorithmSpec } from '@aws-sdk/client-kms';
import type { Digest } from '../../signing-algorithm.ts';
import type { KmsPublicKey } from '../kms-key.ts';

/** The signing algorithm of the service, and its verification. */
export interface AwsAlgorithm {
  readonly name: SigningAlgorithmSpec;
  readonly digest: Digest;
  readonly padding?: 'PSS';
}

const algorithms: readonly AwsAlgorithm[] = [
  { name: 'ECDSA_SHA_256', digest: 'sha256' },
  { name: 'ECDSA_SHA_384', digest: 'sha384' },
  { name: 'ECDSA_SHA_512', digest: 'sha512' },
  { name: 'RSASSA_PKCS1_V1_5_SHA_256', digest: 'sha256' },
  { name: 'RSASSA_PKCS1_V1_5_SHA_384', digest: 'sha384' },
  { name: 'RSASSA_PKCS1_V1_5_SHA_512', digest: 'sha512' },
  { name: 'RSASSA_PSS_SHA_256', digest: 'sha256', padding: 'PSS' },
  { name: 'RSASSA_PSS_SHA_384', digest: 'sha384', padding: 'PSS' },
  { name: 'RSASSA_PSS_SHA_512', digest: 'sha512', padding: 'PSS' },
];

/**
 * The first algorithm that the key reports decides, as with the reference. Undefined when that is none that evidence is verified
 * with: secp256k1, SM2, and Ed25519, which Amazon's service takes for short messages only.
 */
export function awsAlgorithm(reported: readonly string[] | undefined): AwsAlgorithm | undefined {
  return algorithms.find(({ name }) => name === reported?.[0]);
}

/** The algorithm that a public key was given with. */
export function awsAlgorithmOf({ key, digest, padding }: KmsPublicKey): AwsAlgorithm {
  const family = key.asymmetricKeyType === 'ec' ? 'ECDSA' : 'RSA';
  const found = algorithms.find(
    (algorithm) => algorithm.name.startsWith(family) && algorithm.digest === digest && algorithm.padding === padding,
  );
  if (found === undefined) throw new TypeError('AWS KMS did not give this public key');
  return found;
}
