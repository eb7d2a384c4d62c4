// SPDX-License-Identifier: Apache-2.0
import type { PlaneLayer } from '../pool/plane-layer.ts';

/** Everything that a process needs to work with a control plane as its administrator. */
export interface PlaneAccess {
  /** `https://127.0.0.1:<port>` */
  readonly url: string;
  readonly port: number;
  readonly adminToken: string;
  /** PEM of the authority that signed the API server's certificate. */
  readonly caFile: string;
  readonly etcdURL: string;
  /** The folder for its servers' logs. */
  readonly logDirectory: string;
  /** The layers that the suite has put on it already. */
  readonly layers: readonly PlaneLayer[];
}
