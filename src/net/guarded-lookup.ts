// SPDX-License-Identifier: Apache-2.0
import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { OutboundError } from './outbound-error.ts';
import type { OutboundRules } from './outbound-rules.ts';

/** A name lookup that gives only addresses which the rules permit. Whoever connects must connect to what it gave. */
export function guardedLookup(rules: OutboundRules, port: number): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { family: options.family ?? 0, hints: options.hints ?? 0, all: true }, (error, addresses) => {
      if (error !== null) {
        callback(error, []);
        return;
      }
      const permitted = addresses.filter(({ address }) => rules.permits({ hostname, address, port }));
      const [first] = permitted;
      if (first === undefined) callback(forbiddenEndpoint(hostname, port), []);
      else if (options.all === true) callback(null, permitted);
      else callback(null, first.address, first.family);
    });
  };
}

/** What is said of an address that the rules refuse. */
export function forbiddenEndpoint(hostname: string, port: number): OutboundError {
  const message = `${hostname}:${port} is an address that this operator does not connect to; its administrator can allow it under "outbound.allow"`;
  return new OutboundError('EndpointForbidden', message);
}
