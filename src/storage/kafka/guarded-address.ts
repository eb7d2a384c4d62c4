// SPDX-License-Identifier: Apache-2.0
import { isIP } from 'node:net';
import { forbiddenEndpoint } from '../../net/lookup/guarded-lookup.ts';
import type { EgressClient } from '../../net/egress-client.ts';
import type { BrokerAddress } from './broker-address.ts';

/**
 * Resolve a broker's address and check it against the egress rules. The caller must connect to exactly this address, so
 * that a name server cannot answer differently in between. @throws EgressError, or the system's error for an unknown name
 */
export function guardedAddress(egress: EgressClient, { host, port }: BrokerAddress): Promise<string> {
  if (isIP(host) !== 0) {
    if (!egress.permits(host, port)) return Promise.reject(forbiddenEndpoint(host, port));
    return Promise.resolve(host);
  }
  return new Promise((resolve, reject) => {
    egress.lookup(port)(host, { all: false }, (error, address) => {
      if (error !== null) reject(error);
      else resolve(Array.isArray(address) ? (address[0]?.address ?? host) : address);
    });
  });
}
