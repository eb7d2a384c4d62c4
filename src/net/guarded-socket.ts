// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { connect as connectTcp, isIP } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { Deadline } from '../runtime/deadline.ts';
import { forbiddenEndpoint, type Guard, guardedLookup } from './lookup/guarded-lookup.ts';
import { EgressError } from './egress-error.ts';
import type { TlsOptions } from './tls-options.ts';

/** The target of a protocol other than HTTP. */
export interface SocketTarget {
  readonly hostname: string;
  readonly port: number;
  /** Present: TLS, with the server's certificate checked as it says. */
  readonly tls?: TlsOptions;
  /** The caller itself speaks TLS on the socket. */
  readonly isEncrypted?: boolean;
}

const CONNECT_TIMEOUT_MS = 10_000;

/** A connected socket to an address that the rules permit. @throws EgressError */
export async function guardedSocket(guard: Guard, target: SocketTarget, signal: AbortSignal): Promise<Socket> {
  const { hostname, port, tls } = target;
  if (isIP(hostname) !== 0 && !guard.rules.permits({ hostname, address: hostname, port })) {
    throw forbiddenEndpoint(hostname, port);
  }
  const deadline = new Deadline(CONNECT_TIMEOUT_MS, signal);
  const { signal: ending } = deadline;
  const isEncrypted = tls !== undefined || target.isEncrypted === true;
  let socket: Socket | undefined;
  try {
    const tunnel = await guard.proxy?.open({ hostname, port, isEncrypted }, ending);
    socket = tunnel;
    if (tunnel !== undefined && tls === undefined) return tunnel;
    const options = { host: hostname, port, lookup: guardedLookup(guard, port, ending) };
    const through = tunnel === undefined ? {} : { socket: tunnel };
    socket =
      tls === undefined ? connectTcp(options) : connectTls({ ...options, ...through, ...tlsOptions(target, tls) });
    await once(socket, tls === undefined ? 'connect' : 'secureConnect', { signal: ending });
    return socket;
  } catch (error) {
    socket?.destroy();
    signal.throwIfAborted();
    if (error instanceof EgressError) throw error;
    const why = deadline.isOver ? 'it does not answer' : codeOf(error);
    const reason = deadline.isOver ? 'Timeout' : 'Unreachable';
    throw new EgressError(reason, `${hostname}:${port} cannot be reached: ${why}`, { cause: error });
  } finally {
    deadline.end();
  }
}

function tlsOptions({ hostname }: SocketTarget, tls: TlsOptions): object {
  return {
    rejectUnauthorized: tls.insecure !== true,
    ...(isIP(hostname) === 0 ? { servername: hostname } : {}),
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
  };
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown failure';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
