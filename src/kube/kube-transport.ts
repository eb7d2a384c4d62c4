// SPDX-License-Identifier: Apache-2.0
import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { Clock } from '../runtime/clock.ts';
import { Deadline } from '../runtime/deadline.ts';
import { currentTenant } from '../runtime/tenant.ts';
import { TenantSlots } from '../runtime/tenant-slots.ts';
import { wholeResponse } from '../net/whole-response.ts';
import { hasMoreValues } from '../json/bounded-json.ts';
import { parsePreciseJson } from '../json/precise-json.ts';
import type { KubeConnection, KubeEndpoint } from './kube-connection.ts';
import { KubeError } from './kube-error.ts';
import { kubeErrorFromResponse } from './kube-status.ts';
import type { KubeObserver, KubeVerb } from './kube-observer.ts';
import { answerTooLarge, readAtMost } from './read-at-most.ts';

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** One request to the API server. */
export interface TransportRequest {
  readonly verb: KubeVerb;
  readonly method: Dispatcher.HttpMethod;
  /** The metric label: resource and subresource. */
  readonly resource: string;
  /** The request's target in error messages: `secrets team-a/signing`. */
  readonly target: string;
  readonly path: string;
  readonly query?: Query | undefined;
  readonly body?: unknown;
  readonly contentType?: string | undefined;
  readonly accept?: string | undefined;
  readonly signal: AbortSignal;
  readonly timeoutMs?: number | undefined;
  /** Larger answers fail as `ResponseTooLarge`. */
  readonly maxResponseBytes?: number | undefined;
}

export interface TransportOptions {
  readonly connection: Pick<KubeConnection, 'server' | 'endpoint' | 'invalidate' | 'maxConnections'>;
  readonly clock: Clock;
  readonly userAgent: string;
  readonly observer?: KubeObserver;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
}

/** A way to read the answer to a request. */
interface Reading<A extends Answer> {
  readonly send: (dispatcher: Dispatcher, options: Dispatcher.DispatchOptions) => Promise<A>;
  /** The text of a refusal, with which its body has been read. */
  readonly refusalText: (answer: A) => Promise<string>;
}

export const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_MAX_RESPONSE_BYTES = 32 * 1024 * 1024;
/** More than any one object that etcd takes. A page of objects made of empty ones would take hundreds of megabytes of memory. */
const MAX_VALUES = 1_000_000;
const MAX_ERROR_BYTES = 64 * 1024;

/** The HTTP path to the API server: authentication, timeouts, size caps, shares of the connections, error translation and counting. */
export class KubeTransport {
  readonly #options: TransportOptions;
  readonly #slots: TenantSlots;
  #server: URL | undefined;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#slots = new TenantSlots(options.connection.maxConnections);
  }

  /** Sends the request and decodes the JSON answer. @throws KubeError */
  async json(request: TransportRequest): Promise<unknown> {
    const deadline = new Deadline(request.timeoutMs ?? DEFAULT_TIMEOUT_MS, request.signal);
    try {
      return decode(await this.#inShare(deadline.signal, () => this.#exchange(request, deadline.signal)), request);
    } catch (error) {
      throw translate(error, request, deadline);
    } finally {
      deadline.end();
    }
  }

  /** Sends the request and returns the body as it arrives. The timeout covers the time to the first byte of the answer only. */
  async stream(request: TransportRequest): Promise<AsyncIterable<unknown>> {
    const deadline = new Deadline(request.timeoutMs ?? DEFAULT_TIMEOUT_MS, request.signal);
    try {
      // The body lives as long as the caller's own signal lets it.
      const answer = await this.#send(request, streamed(request, deadline.signal));
      deadline.disarm();
      return answer.body;
    } catch (error) {
      deadline.end();
      throw translate(error, request, deadline);
    }
  }

  /** One tenant's requests that are slow or many leave connections to the others. The operator's own take what they need. */
  #inShare<T>(signal: AbortSignal, exchange: () => Promise<T>): Promise<T> {
    const tenant = currentTenant();
    return tenant === '' ? exchange() : this.#slots.within(tenant, signal, exchange);
  }

  async #exchange(request: TransportRequest, signal: AbortSignal): Promise<Buffer> {
    const limit = request.maxResponseBytes ?? DEFAULT_MAX_RESPONSE_BYTES;
    const maxBytes = (status: number): number => (status < 400 ? limit : MAX_ERROR_BYTES);
    const { body, isCut } = await this.#send(request, {
      send: (dispatcher, options) => wholeResponse(dispatcher, options, { signal, maxBytes }),
      refusalText: (answer) => Promise.resolve(answer.isCut ? '' : answer.body.toString('utf8')),
    });
    if (isCut) throw answerTooLarge(title(request), limit);
    return body;
  }

  async #send<A extends Answer>(request: TransportRequest, reading: Reading<A>): Promise<A> {
    const { clock, observer } = this.#options;
    const beganMs = clock.monotonicMs();
    let code = 0;
    try {
      let answer = await this.#once(request, reading);
      if (answer.status === 401) {
        // The token may have been rotated since it was read.
        await reading.refusalText(answer);
        this.#options.connection.invalidate();
        answer = await this.#once(request, reading);
      }
      code = answer.status;
      if (answer.status >= 400) throw refusal(answer, request, await reading.refusalText(answer));
      return answer;
    } finally {
      observer?.requested?.({
        verb: request.verb,
        resource: request.resource,
        code,
        durationMs: clock.monotonicMs() - beganMs,
      });
    }
  }

  async #once<A extends Answer>(request: TransportRequest, { send }: Reading<A>): Promise<A> {
    const endpoint = await this.#options.connection.endpoint();
    const dispatcher = request.verb === 'watch' ? endpoint.watchDispatcher : endpoint.dispatcher;
    return send(dispatcher, this.#dispatchOptions(request, endpoint));
  }

  #dispatchOptions(request: TransportRequest, { headers }: KubeEndpoint): Dispatcher.DispatchOptions {
    // Not before: an address that is no URL fails the request, which names it.
    this.#server ??= new URL(this.#options.connection.server);
    const { origin, pathname } = this.#server;
    return {
      origin,
      path: `${pathname.replace(/\/$/, '')}${request.path}${queryString(request.query)}`,
      method: request.method,
      headers: {
        ...headers,
        accept: request.accept ?? 'application/json',
        'user-agent': this.#options.userAgent,
        ...(request.body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json' }),
      },
      body: request.body === undefined ? null : JSON.stringify(request.body),
      // Deadlines are ours; a watch may be silent for long.
      headersTimeout: 0,
      bodyTimeout: 0,
    };
  }
}

/** The answer is read as it arrives, once it is none of a refusal. */
function streamed(
  request: TransportRequest,
  signal: AbortSignal,
): Reading<Answer & { readonly body: Dispatcher.ResponseData['body'] }> {
  return {
    send: async (dispatcher, options) => {
      const { statusCode: status, headers, body } = await dispatcher.request({ ...options, signal });
      return { status, headers, body };
    },
    refusalText: async ({ body }) => {
      const bytes = await readAtMost(body, MAX_ERROR_BYTES, title(request)).catch(() => Buffer.alloc(0));
      return bytes.toString('utf8');
    },
  };
}

function queryString(query: Query | undefined): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  return parameters.size === 0 ? '' : `?${parameters.toString()}`;
}

function refusal({ status, headers }: Answer, request: TransportRequest, text: string): KubeError {
  const retryAfter = headers['retry-after'];
  return kubeErrorFromResponse({ request: title(request), status, text, retryAfter });
}

function title({ verb, target }: TransportRequest): string {
  return `${verb} ${target}`;
}

function decode(bytes: Buffer, request: TransportRequest): unknown {
  if (bytes.length > MAX_VALUES && hasMoreValues(bytes, MAX_VALUES)) {
    throw new KubeError({
      status: 0,
      reason: 'ResponseTooLarge',
      message: `${title(request)}: the answer holds more than ${MAX_VALUES} values`,
    });
  }
  try {
    return parsePreciseJson(bytes.toString('utf8'));
  } catch (cause) {
    throw new KubeError({
      status: 0,
      reason: 'MalformedResponse',
      message: `${request.verb} ${request.target}: the answer is not JSON`,
      cause,
    });
  }
}

function translate(error: unknown, request: TransportRequest, deadline: { readonly isOver: boolean }): unknown {
  if (error instanceof KubeError) return error;
  if (request.signal.aborted) return error;
  const reason = deadline.isOver ? 'Timeout' : 'Unreachable';
  const detail = error instanceof Error ? error.message : String(error);
  return new KubeError({ status: 0, reason, message: `${request.verb} ${request.target}: ${detail}`, cause: error });
}
