// SPDX-License-Identifier: Apache-2.0
import { lookup } from 'node:dns';
import { isIP } from 'node:net';
import type { LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { OutboundError } from './outbound-error.ts';
import type { OutboundRules } from './outbound-rules.ts';
import type { TlsOptions } from './tls-options.ts';

/**
 * A connector for undici that asks the rules about the very addresses it then connects to. Checking the name beforehand
 * would leave a gap in which a name server answers differently.
 */
export function guardedConnector(
  rules: OutboundRules,
  tls: TlsOptions,
  connectTimeoutMs: number,
): buildConnector.connector {
  const options = {
    allowH2: false,
    timeout: connectTimeoutMs,
    rejectUnauthorized: tls.insecure !== true,
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
  };
  return (target, callback) => {
    const hostname = target.hostname.replace(/^\[(.*)\]$/, '$1');
    const port = Number(target.port || (target.protocol === 'https:' ? 443 : 80));
    if (isIP(hostname) !== 0 && !rules.permits({ hostname, address: hostname, port })) {
      callback(forbidden(hostname, port), null);
      return;
    }
    const connect = buildConnector({ ...options, port, lookup: guardedLookup(rules, port) });
    connect({ ...target, hostname }, callback);
  };
}

function guardedLookup(rules: OutboundRules, port: number): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { family: options.family ?? 0, hints: options.hints ?? 0, all: true }, (error, addresses) => {
      if (error !== null) {
        callback(error, []);
        return;
      }
      const permitted = addresses.filter(({ address }) => rules.permits({ hostname, address, port }));
      const [first] = permitted;
      if (first === undefined) callback(forbidden(hostname, port), []);
      else if (options.all === true) callback(null, permitted);
      else callback(null, first.address, first.family);
    });
  };
}

function forbidden(hostname: string, port: number): OutboundError {
  const message = `${hostname}:${port} is an address that this operator does not connect to; its administrator can allow it under "outbound.allow"`;
  return new OutboundError('EndpointForbidden', message);
}
