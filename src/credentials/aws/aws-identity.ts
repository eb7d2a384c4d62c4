// SPDX-License-Identifier: Apache-2.0
import type { TlsOptions } from '../../net/tls-options.ts';
import type { Identity } from '../identity.ts';

export interface AwsIdentityOptions {
  readonly identity: Identity;
  readonly region: string;
  /** Role that a ServiceAccount assumes. */
  readonly roleARN?: string | undefined;
  /** The region's endpoint by default. */
  readonly stsEndpoint?: string | undefined;
  /** Checks the certificate of STS. */
  readonly tls?: TlsOptions | undefined;
}

/** Secrets that sign requests, in the SDK's shape. */
export interface AwsSecrets {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}
