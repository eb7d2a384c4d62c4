// SPDX-License-Identifier: Apache-2.0
import { Agent as HttpAgent } from 'node:http';
import type { ClientRequestArgs } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { isIP } from 'node:net';
import { Duplex } from 'node:stream';
import { forbiddenEndpoint, type Guard, guardedLookup } from './lookup/guarded-lookup.ts';
import type { ProxyRoute, ProxyTarget } from './proxy/proxy-route.ts';
import type { TlsOptions } from './tls-options.ts';

/** Node's agents for client libraries that speak HTTP by themselves. The caller destroys them. */
export interface GuardedAgents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
}

const CONNECTIONS_PER_ORIGIN = 16;
const IDLE_MS = 30_000;

type Connect = (...args: Parameters<HttpAgent['createConnection']>) => Duplex | null | undefined;

/** Agents that ask the rules about each address they connect to, and check certificates as `tls` says. */
export function guardedAgents(guard: Guard, tls: TlsOptions): GuardedAgents {
  const options = { keepAlive: true, maxSockets: CONNECTIONS_PER_ORIGIN, timeout: IDLE_MS };
  return {
    http: guarded(new HttpAgent(options), guard),
    https: guarded(
      new HttpsAgent({
        ...options,
        rejectUnauthorized: tls.insecure !== true,
        ...(tls.ca === undefined ? {} : { ca: tls.ca }),
      }),
      guard,
    ),
  };
}

function guarded<Kind extends HttpAgent>(agent: Kind, guard: Guard): Kind {
  const connect: Connect = agent.createConnection.bind(agent);
  agent.createConnection = (options: ClientRequestArgs, callback) => {
    const hostname = (options.host ?? 'localhost').replace(/^\[(.*)\]$/, '$1');
    const port = Number(options.port ?? 443);
    if (isIP(hostname) !== 0 && !guard.rules.permits({ hostname, address: hostname, port })) {
      throw forbiddenEndpoint(hostname, port);
    }
    const direct = { ...options, lookup: guardedLookup(guard, port) };
    if (guard.proxy === undefined) return connect(direct, callback);
    const target = { hostname, port, isEncrypted: agent instanceof HttpsAgent };
    void tunnelled(guard.proxy, target, (tunnel) =>
      connect(tunnel === undefined ? direct : { ...options, ...{ socket: tunnel } }),
    ).then(
      (socket) => callback?.(null, socket),
      // The stream that the type asks for does not exist.
      (error: unknown) => callback?.(error instanceof Error ? error : new Error(String(error)), new Duplex()),
    );
    return undefined;
  };
  return agent;
}

async function tunnelled(
  proxy: ProxyRoute,
  target: ProxyTarget,
  connect: (tunnel: Duplex | undefined) => Duplex | null | undefined,
): Promise<Duplex> {
  const socket = connect(await proxy.open(target, AbortSignal.timeout(IDLE_MS)));
  if (socket === null || socket === undefined) throw new TypeError('no connection was made');
  return socket;
}
