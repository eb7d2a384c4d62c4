// SPDX-License-Identifier: Apache-2.0

/** The checks of the server's certificate for one call. */
export interface TlsOptions {
  /** PEM certificates trusted instead of the system's. */
  readonly ca?: string;
  /** Accept any certificate. */
  readonly insecure?: boolean;
}
