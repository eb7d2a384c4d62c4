// SPDX-License-Identifier: Apache-2.0
import { type IncomingMessage, request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { Readable } from 'node:stream';
import type { EgressClient } from '../../net/egress-client.ts';
import { EgressError } from '../../net/egress-error.ts';
import type { GuardedAgents } from '../../net/guarded-agents.ts';
import type { TlsOptions } from '../../net/tls-options.ts';
import { Deadline } from '../../runtime/deadline.ts';

export interface AwsHandlerOptions {
  readonly tls?: TlsOptions;
  /** For the whole exchange. Default 10 s. */
  readonly timeoutMs?: number;
  /** A longer answer is an error. Default 4 MiB. */
  readonly maxResponseBytes?: number;
}

/** A request as the clients of Amazon's SDK make it. */
export interface AwsRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number | undefined;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

interface AwsResponse {
  readonly statusCode: number;
  readonly reason: string;
  readonly headers: Record<string, string>;
  readonly body: Readable;
}

/** Part of the abort signals of SDK and platform. */
interface Abortable {
  readonly aborted: boolean;
  readonly reason?: unknown;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_MAX_RESPONSE_BYTES = 4 * 1024 * 1024;
/** The cap of an error response. The SDK makes an object of every few bytes of it, whatever the status. */
const MAX_REFUSAL_BYTES = 64 * 1024;

/**
 * `requestHandler` of every client of Amazon's SDK: under the egress's rules, without redirects and proxies, with caps on time and
 * bytes. The client's `destroy` ends its connections.
 */
export function awsRequestHandler(egress: EgressClient, options: AwsHandlerOptions = {}): AwsRequestHandler {
  return new AwsRequestHandler(egress.agents(options.tls), options);
}

export class AwsRequestHandler {
  readonly metadata = { handlerProtocol: 'http/1.1' } as const;
  readonly #agents: GuardedAgents;
  readonly #timeoutMs: number;
  readonly #limit: number;

  constructor(agents: GuardedAgents, options: AwsHandlerOptions) {
    this.#agents = agents;
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.#limit = options.maxResponseBytes ?? DEFAULT_MAX_RESPONSE_BYTES;
  }

  async handle(request: AwsRequest, options: { abortSignal?: Abortable } = {}): Promise<{ response: AwsResponse }> {
    const { abortSignal } = options;
    const caller = abortSignal instanceof AbortSignal ? abortSignal : undefined;
    caller?.throwIfAborted();
    const deadline = new Deadline(this.#timeoutMs, caller);
    const host = request.port === undefined ? request.hostname : `${request.hostname}:${request.port}`;
    try {
      const answer = await this.#send(request, deadline.signal);
      const headers = Object.entries(answer.headers).flatMap(([name, value]): [string, string][] =>
        value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
      );
      const { statusCode = 0 } = answer;
      const limit = statusCode < 300 ? this.#limit : Math.min(this.#limit, MAX_REFUSAL_BYTES);
      const body = cappedBody(answer, { limit, deadline, host });
      const response = { statusCode, reason: answer.statusMessage ?? '', body };
      return { response: { ...response, headers: Object.fromEntries(headers) } };
    } catch (error) {
      deadline.end();
      caller?.throwIfAborted();
      if (error instanceof EgressError) throw error;
      if (deadline.isOver) throw new EgressError('Timeout', `${host} did not answer in time`);
      throw new EgressError('Unreachable', `${host} cannot be reached: ${codeOf(error)}`, { cause: error });
    }
  }

  /** Settings that a client changes later: none, since all of them are the operator's. */
  updateHttpClientConfig(): void {
    return undefined;
  }

  httpHandlerConfigs(): Record<string, never> {
    return {};
  }

  destroy(): void {
    this.#agents.http.destroy();
    this.#agents.https.destroy();
  }

  #send(request: AwsRequest, signal: AbortSignal): Promise<IncomingMessage> {
    const isPlain = request.protocol === 'http:';
    // A body waits for no "100 Continue": bodies here are small, and not every server sends one.
    const headers = Object.entries(request.headers).filter(([name]) => name.toLowerCase() !== 'expect');
    const options: RequestOptions = {
      method: request.method,
      host: request.hostname,
      path: awsPath(request),
      headers: Object.fromEntries(headers),
      agent: isPlain ? this.#agents.http : this.#agents.https,
      signal,
      ...(request.port === undefined ? {} : { port: request.port }),
    };
    return new Promise((resolve, reject) => {
      const sent = isPlain ? httpRequest(options, resolve) : httpsRequest(options, resolve);
      sent.once('error', reject);
      if (request.body instanceof Readable) request.body.once('error', reject).pipe(sent);
      else if (typeof request.body === 'string' || request.body instanceof Uint8Array) sent.end(request.body);
      else sent.end();
    });
  }
}

function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return 'the connection broke';
}

/** Path and query of a request as its signature covers them: RFC 3986, names in order (Signature Version 4). */
function awsPath(request: {
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>;
}): string {
  const pairs = Object.entries(request.query ?? {})
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([name, value]) => {
      const values = typeof value === 'string' ? [value] : value;
      return values === null ? [escaped(name)] : values.map((item) => `${escaped(name)}=${escaped(item)}`);
    });
  return pairs.length === 0 ? request.path : `${request.path}?${pairs.join('&')}`;
}

function escaped(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

interface BodyCaps {
  /** Bytes. */
  readonly limit: number;
  /** The deadline of the whole exchange; it ends the body too. */
  readonly deadline: Deadline;
  /** For the message. */
  readonly host: string;
}

/** The same body, which fails when it grows too long or takes too much time, and then takes its connection along. */
function cappedBody(body: Readable, { limit, deadline, host }: BodyCaps): Readable {
  async function* counted(): AsyncGenerator<Buffer> {
    let size = 0;
    try {
      for await (const chunk of body) {
        const bytes = Buffer.from(chunk);
        size += bytes.length;
        if (size > limit) throw new EgressError('ResponseTooLarge', `${host} answers with more than ${limit} bytes`);
        yield bytes;
      }
    } catch (error) {
      if (error instanceof EgressError) throw error;
      if (deadline.isOver) throw new EgressError('Timeout', `${host} did not finish its answer in time`);
      throw new EgressError('Unreachable', `${host} broke off its answer`);
    } finally {
      deadline.end();
      body.destroy();
    }
  }
  return Readable.from(counted(), { objectMode: false });
}
