// SPDX-License-Identifier: Apache-2.0

/** How one call checks the server's certificate. */
export interface TlsOptions {
  /** PEM certificates trusted instead of the system's. */
  readonly ca?: string;
  /** Accept any certificate. */
  readonly insecure?: boolean;
}
