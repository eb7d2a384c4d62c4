// SPDX-License-Identifier: Apache-2.0
import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { buffer } from 'node:stream/consumers';
import type { ProxiedAnswer, ProxiedRequest } from './fault.ts';

const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'expect']);

/** The server's answer, whole. The Host header stays the client's, as signatures of requests cover it. */
export function forward(target: string, { method, path, headers, body }: ProxiedRequest): Promise<ProxiedAnswer> {
  const url = new URL(target);
  const options = {
    method,
    path,
    headers: {
      ...Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name))),
      connection: 'close',
    },
    hostname: url.hostname,
    port: url.port,
    agent: false,
    rejectUnauthorized: false,
  } as const;
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const sent = send(options, (received) => {
      whole(received).then(resolve, reject);
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

async function whole(received: IncomingMessage): Promise<ProxiedAnswer> {
  const body = await buffer(received);
  const headers = Object.entries(received.headers).filter(([name]) => !HOP_BY_HOP.has(name));
  return { status: received.statusCode ?? 502, headers: Object.fromEntries(headers), body };
}
