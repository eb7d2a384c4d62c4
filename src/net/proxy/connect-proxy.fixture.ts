// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { connect, type Socket } from 'node:net';

/** The answer to a request to connect: a status; `handled` where the function answers by itself; undefined to connect. */
export type ProxyAnswer = (authority: string, socket: Socket) => number | 'handled' | undefined;

/** An HTTP proxy on 127.0.0.1 that keeps every byte of its tunnels. */
export interface RecordingProxy {
  readonly url: URL;
  /** The targets that it was asked for. */
  readonly asked: readonly string[];
  /** The credentials of each request. */
  readonly logins: readonly (string | undefined)[];
  /** The bytes that clients sent through tunnels. */
  readonly sent: () => string;
  close(): Promise<void>;
}

/** @param tls certificate and key of a proxy that is itself spoken to in TLS */
export async function recordingProxy(
  answer: ProxyAnswer = () => undefined,
  tls?: { readonly certificate: string; readonly key: string },
): Promise<RecordingProxy> {
  const server: Server =
    tls === undefined ? createServer() : createSecureServer({ cert: tls.certificate, key: tls.key });
  const [asked, logins, chunks, sockets]: [string[], (string | undefined)[], Buffer[], Set<Socket>] = [
    [],
    [],
    [],
    new Set(),
  ];
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  };
  server.on('connection', keep);
  server.on('connect', (request, client: Socket) => {
    keep(client);
    const authority = request.url ?? '';
    asked.push(authority);
    logins.push(request.headers['proxy-authorization']);
    const given = answer(authority, client);
    if (given === 'handled') return;
    if (given !== undefined) {
      client.end(`HTTP/1.1 ${given} No\r\n\r\n`);
      return;
    }
    const { hostname, port } = new URL(`tcp://${authority}`);
    const upstream = connect(Number(port), hostname === 'localhost' ? '127.0.0.1' : hostname, () => {
      client.write('HTTP/1.1 200 Connected\r\n\r\n');
      client.on('data', (chunk: Buffer) => chunks.push(chunk));
      client.pipe(upstream).pipe(client);
    });
    keep(upstream);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return {
    url: new URL(`${tls === undefined ? 'http' : 'https'}://127.0.0.1:${address.port}`),
    asked,
    logins,
    sent: () => Buffer.concat(chunks).toString('latin1'),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
