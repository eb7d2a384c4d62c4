// SPDX-License-Identifier: Apache-2.0
import type { EgressClient } from '../net/egress-client.ts';
import type { Clock } from '../runtime/clock.ts';
import type { ObjectReader } from './object-reader.ts';
import type { TokenSource } from './token-source.ts';

/** The access of signers and storage drivers to the world. One for the process. */
export interface Access {
  readonly objects: ObjectReader;
  readonly tokens: TokenSource;
  readonly egress: EgressClient;
  readonly clock: Clock;
}
