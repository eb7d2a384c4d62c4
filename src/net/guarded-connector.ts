// SPDX-License-Identifier: Apache-2.0
import { isIP } from 'node:net';
import { buildConnector } from 'undici';
import { forbiddenEndpoint, type Guard, guardedLookup } from './lookup/guarded-lookup.ts';
import type { TlsOptions } from './tls-options.ts';

/**
 * A connector for undici that asks the rules about the very addresses it then connects to. Checking the name beforehand
 * would leave a gap in which a name server answers differently.
 */
export function guardedConnector(guard: Guard, tls: TlsOptions, connectTimeoutMs: number): buildConnector.connector {
  const options = {
    allowH2: false,
    timeout: connectTimeoutMs,
    rejectUnauthorized: tls.insecure !== true,
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
  };
  return (target, callback) => {
    const hostname = target.hostname.replace(/^\[(.*)\]$/, '$1');
    const port = Number(target.port || (target.protocol === 'https:' ? 443 : 80));
    if (isIP(hostname) !== 0 && !guard.rules.permits({ hostname, address: hostname, port })) {
      callback(forbiddenEndpoint(hostname, port), null);
      return;
    }
    const connect = buildConnector({ ...options, port, lookup: guardedLookup(guard, port) });
    connect({ ...target, hostname }, callback);
  };
}
