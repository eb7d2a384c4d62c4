// SPDX-License-Identifier: Apache-2.0
import { isIP } from 'node:net';
import { createSecureContext, type SecureContext } from 'node:tls';
import { LRUCache } from 'lru-cache';
import { buildConnector } from 'undici';
import { forbiddenEndpoint, type Guard, guardedLookup } from './lookup/guarded-lookup.ts';
import type { TlsOptions } from './tls-options.ts';

/** A tenant can name any number of ports. */
const MAX_CONNECTORS = 64;

/**
 * A connector for undici that asks the rules about the very addresses it then connects to. Checking the name beforehand
 * would leave a gap in which a name server answers differently. All connections share one TLS context, and a TLS session is
 * resumed only under the settings, the host and the port that it was opened with.
 */
export function guardedConnector(guard: Guard, tls: TlsOptions, connectTimeoutMs: number): buildConnector.connector {
  let secureContext: SecureContext | undefined;
  const plain = { allowH2: false, timeout: connectTimeoutMs, rejectUnauthorized: tls.insecure !== true };
  const connectors = new LRUCache<string, buildConnector.connector, { readonly isTls: boolean; readonly port: number }>(
    {
      max: MAX_CONNECTORS,
      memoMethod: (_key, _stale, { context: { isTls, port } }) => {
        const options = { ...plain, port, lookup: guardedLookup(guard, port) };
        if (!isTls) return buildConnector(options);
        secureContext ??= createSecureContext(tls.ca === undefined ? {} : { ca: tls.ca });
        return buildConnector({ ...options, secureContext });
      },
    },
  );
  return (target, callback) => {
    const hostname = target.hostname.replace(/^\[(.*)\]$/, '$1');
    const isTls = target.protocol === 'https:';
    const port = Number(target.port || (isTls ? 443 : 80));
    if (isIP(hostname) !== 0 && !guard.rules.permits({ hostname, address: hostname, port })) {
      callback(forbiddenEndpoint(hostname, port), null);
      return;
    }
    const connect = connectors.memo(`${target.protocol}${port}`, { context: { isTls, port } });
    if (guard.proxy === undefined) {
      connect({ ...target, hostname }, callback);
      return;
    }
    guard.proxy.open({ hostname, port, isEncrypted: isTls }, AbortSignal.timeout(connectTimeoutMs)).then(
      (tunnel) => {
        connect({ ...target, hostname, ...(tunnel === undefined ? {} : { httpSocket: tunnel }) }, callback);
      },
      (error: unknown) => {
        callback(error instanceof Error ? error : new Error(String(error)), null);
      },
    );
  };
}
