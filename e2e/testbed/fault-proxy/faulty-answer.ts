// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Fault, ProxiedAnswer, ProxiedRequest } from './fault.ts';

export interface Exchange {
  readonly request: ProxiedRequest;
  readonly response: ServerResponse;
  /** Asks the server. */
  readonly answer: () => Promise<ProxiedAnswer>;
}

const CHUNK_BYTES = 64 * 1024;

/** Answers as the fault says. */
export async function faultyAnswer(fault: Fault, { request, response, answer }: Exchange): Promise<void> {
  switch (fault.type) {
    case 'Status':
      response.writeHead(fault.status, { 'content-type': 'text/plain', ...fault.headers });
      response.end(fault.body ?? 'the proxy says no');
      return;
    case 'Garbage':
      response.writeHead(200, { 'content-type': 'application/json' }).end(randomBytes(512));
      return;
    case 'Endless':
      await endless(response);
      return;
    case 'Truncated':
      truncated(response, await answer());
      return;
    case 'Halved':
      reply(response, half(await answer()));
      return;
    case 'RedirectLoop':
      redirect(response, request.path);
      return;
    case 'Redirect':
      redirect(response, fault.location);
      return;
    case 'Slow':
      await delay(fault.milliseconds, undefined, { ref: false });
      reply(response, await answer());
      return;
    case 'Hang':
      return;
    case 'Reset':
      response.destroy();
      return;
    case 'LostAnswer':
      await answer();
      response.destroy();
      return;
    case 'Rewrite':
      reply(response, fault.rewrite(await answer(), request));
      return;
  }
}

function reply(response: ServerResponse, { status, headers, body }: ProxiedAnswer): void {
  // A body that was rewritten has another length.
  response.writeHead(status, { ...headers, 'content-length': body.length }).end(body);
}

function redirect(response: ServerResponse, location: string): void {
  response.writeHead(307, { location, 'content-length': 0 }).end();
}

function half(answer: ProxiedAnswer): ProxiedAnswer {
  return { ...answer, body: answer.body.subarray(0, Math.floor(answer.body.length / 2)) };
}

function truncated(response: ServerResponse, answer: ProxiedAnswer): void {
  response.writeHead(answer.status, { ...answer.headers, 'content-length': answer.body.length });
  response.write(half(answer).body, () => response.destroy());
}

/** As fast as the client reads, until it hangs up. */
async function endless(response: ServerResponse): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/json' });
  const chunk = Buffer.alloc(CHUNK_BYTES, ' ');
  function* chunks(): Generator<Buffer> {
    for (;;) yield chunk;
  }
  await pipeline(chunks, response);
}
