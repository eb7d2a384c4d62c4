// SPDX-License-Identifier: Apache-2.0
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { hostAddress, type Probe } from './pod.ts';

/** Local port of a container port, by number or name. */
export type PortLookup = (port: number | string) => number;

/** Asks once. Success is a status from 200 to 399, or for `tcpSocket` a connection; anything else, silence too, is a failure. */
export async function probeOnce(probe: Probe, port: PortLookup, signal: AbortSignal): Promise<boolean> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout((probe.timeoutSeconds ?? 1) * 1000)]);
  try {
    if (probe.httpGet !== undefined) return await getsAnswer(probe.httpGet, port, limited);
    if (probe.tcpSocket !== undefined) return await connects(port(probe.tcpSocket.port), limited);
  } catch {
    return false;
  }
  throw new Error('the node agent runs httpGet and tcpSocket probes only');
}

function getsAnswer(target: NonNullable<Probe['httpGet']>, port: PortLookup, signal: AbortSignal): Promise<boolean> {
  const { path = '/', scheme = 'HTTP', httpHeaders = [] } = target;
  const options = {
    host: hostAddress,
    port: port(target.port),
    path: path.startsWith('/') ? path : `/${path}`,
    headers: { 'user-agent': 'kube-probe/1.36', ...Object.fromEntries(httpHeaders.map((h) => [h.name, h.value])) },
    signal,
    // The kubelet does not verify either.
    rejectUnauthorized: false,
    agent: false as const,
  };
  return new Promise((resolve, reject) => {
    const outgoing = (scheme === 'HTTPS' ? httpsRequest : httpRequest)(options, (response) => {
      response.resume();
      const status = response.statusCode ?? 0;
      resolve(status >= 200 && status < 400);
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

function connects(port: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostAddress, port, signal });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', reject);
  });
}
