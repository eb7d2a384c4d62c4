// SPDX-License-Identifier: Apache-2.0
import { Agent, request, type RequestOptions } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClusterAccess } from './kubeconfig.ts';

/** The API server refused a request. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path and query below the server's address. */
  readonly path: string;
  readonly body?: unknown;
  /** `application/json` by default. */
  readonly contentType?: string;
  /** `application/json` by default. */
  readonly accept?: string;
  readonly signal?: AbortSignal;
}

const requestTimeoutMilliseconds = 30_000;
/** For a request that the server puts off: client-go makes it as often. */
const attempts = 11;
const retryMilliseconds = 500;
/** Bookmarks come about once a minute, so a watch this quiet has lost its server. */
const watchSilenceMilliseconds = 120_000;

/** The few calls to the Kubernetes API that the node agent needs, over one pool of connections. */
export class ApiClient {
  readonly access: ClusterAccess;
  readonly #agent: Agent;
  /** Gives each watch a connection of its own: one that is cut must not take waiting requests with it. */
  readonly #watchAgent: Agent;
  readonly #headers: Readonly<Record<string, string | readonly string[]>>;

  /** @param headers - for each request, such as those that ask in another user's name */
  constructor(access: ClusterAccess, headers: Readonly<Record<string, string | readonly string[]>> = {}) {
    this.access = access;
    this.#headers = headers;
    const tls = {
      rejectUnauthorized: !access.skipTLSVerify,
      ...(access.certificateAuthority === undefined ? {} : { ca: access.certificateAuthority }),
      ...(access.clientCertificate === undefined ? {} : { cert: access.clientCertificate }),
      ...(access.clientKey === undefined ? {} : { key: access.clientKey }),
    };
    this.#agent = new Agent({ ...tls, keepAlive: true, maxSockets: 16 });
    // One for all watches of this client, so that they resume its TLS session.
    this.#watchAgent = new Agent({ ...tls, keepAlive: false });
  }

  /**
   * One request; the parsed answer. Throws {@link ApiError} for any answer but a 2xx, and the socket's error for none. One that the
   * server puts off (429), as it does while it begins to serve a kind, is made again, as kubectl makes it.
   */
  async call(call: ApiRequest): Promise<unknown> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#once(call);
      } catch (error) {
        if (!(error instanceof ApiError) || error.status !== 429 || attempt === attempts) throw error;
      }
      await delay(retryMilliseconds, undefined, call.signal === undefined ? {} : { signal: call.signal });
    }
  }

  async #once(call: ApiRequest): Promise<unknown> {
    const response = await this.#send(call, this.#agent, requestTimeoutMilliseconds);
    const text = await readText(response);
    if (!isSuccess(response)) throw failure(call, response, text);
    return text === '' ? undefined : JSON.parse(text);
  }

  /** As {@link call}, again and again while the server is away, overloaded or failing; any other answer counts. */
  async insist(call: ApiRequest): Promise<unknown> {
    for (let pause = 50; ; pause = Math.min(pause * 2, 2000)) {
      try {
        return await this.call(call);
      } catch (error) {
        if (call.signal?.aborted === true || !isPassing(error)) throw error;
      }
      await delay(pause, undefined, call.signal === undefined ? {} : { signal: call.signal });
    }
  }

  /** The lines of a watch, until the server or the signal ends it. */
  async *lines(path: string, signal: AbortSignal): AsyncGenerator<string> {
    const call: ApiRequest = { method: 'GET', path, signal };
    const response = await this.#send(call, this.#watchAgent, watchSilenceMilliseconds);
    if (!isSuccess(response)) throw failure(call, response, await readText(response));
    let rest = '';
    for await (const chunk of response.setEncoding('utf8')) {
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop() ?? '';
      yield* lines.filter((line) => line !== '');
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #send(call: ApiRequest, agent: Agent, timeout: number): Promise<IncomingMessage> {
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    const options: RequestOptions = {
      method: call.method,
      agent,
      timeout,
      headers: {
        accept: call.accept ?? 'application/json',
        'user-agent': 'hallmark-node-agent',
        ...this.#headers,
        ...(this.access.token === undefined ? {} : { authorization: `Bearer ${this.access.token}` }),
        ...(body === undefined
          ? {}
          : { 'content-type': call.contentType ?? 'application/json', 'content-length': Buffer.byteLength(body) }),
      },
      ...(call.signal === undefined ? {} : { signal: call.signal }),
    };
    return new Promise((resolve, reject) => {
      const outgoing = request(new URL(call.path, this.access.server), options, resolve);
      outgoing.on('timeout', () => outgoing.destroy(new Error(`${call.method} ${call.path}: no answer in time`)));
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: string[] = [];
  for await (const chunk of response.setEncoding('utf8')) chunks.push(String(chunk));
  return chunks.join('');
}

function isSuccess(response: IncomingMessage): boolean {
  const status = response.statusCode ?? 0;
  return status >= 200 && status < 300;
}

function failure(call: ApiRequest, response: IncomingMessage, text: string): ApiError {
  const status = response.statusCode ?? 0;
  return new ApiError(status, `${call.method} ${call.path}: ${status}: ${statusMessage(text).slice(0, 2000)}`);
}

/** The message of a Status of Kubernetes; the whole text of anything else. */
function statusMessage(text: string): string {
  try {
    const status: unknown = JSON.parse(text);
    if (typeof status === 'object' && status !== null && 'message' in status) return String(status.message);
  } catch {
    // Not every answer is JSON: a proxy or a server that starts answers with a line of text.
  }
  return text;
}

function isPassing(error: unknown): boolean {
  return !(error instanceof ApiError) || error.status === 429 || error.status >= 500;
}
