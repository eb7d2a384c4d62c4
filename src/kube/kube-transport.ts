// SPDX-License-Identifier: Apache-2.0
import type { Dispatcher } from 'undici';
import type { Clock } from '../runtime/clock.ts';
import { Deadline } from '../runtime/deadline.ts';
import { currentTenant } from '../runtime/tenant.ts';
import { TenantSlots } from '../runtime/tenant-slots.ts';
import { hasMoreValues } from '../json/bounded-json.ts';
import { parsePreciseJson } from '../json/precise-json.ts';
import type { KubeConnection } from './kube-connection.ts';
import { KubeError } from './kube-error.ts';
import { kubeErrorFromResponse } from './kube-status.ts';
import type { KubeObserver, KubeVerb } from './kube-observer.ts';
import { readAtMost } from './read-at-most.ts';

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
  readonly headers: Dispatcher.ResponseData['headers'];
  readonly body: Dispatcher.ResponseData['body'];
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
      const answer = await this.#send(request, deadline.signal);
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
    const { body } = await this.#send(request, signal);
    return readAtMost(body, request.maxResponseBytes ?? DEFAULT_MAX_RESPONSE_BYTES, title(request));
  }

  async #send(request: TransportRequest, signal: AbortSignal): Promise<Answer> {
    const { clock, observer } = this.#options;
    const beganMs = clock.monotonicMs();
    let code = 0;
    try {
      let answer = await this.#once(request, signal);
      if (answer.status === 401) {
        // The token may have been rotated since it was read.
        await answer.body.dump();
        this.#options.connection.invalidate();
        answer = await this.#once(request, signal);
      }
      code = answer.status;
      if (answer.status >= 400) throw await refusal(answer, request);
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

  async #once(request: TransportRequest, signal: AbortSignal): Promise<Answer> {
    const { connection, userAgent } = this.#options;
    const endpoint = await connection.endpoint();
    const dispatcher = request.verb === 'watch' ? endpoint.watchDispatcher : endpoint.dispatcher;
    const base = new URL(connection.server);
    const response = await dispatcher.request({
      origin: base.origin,
      path: `${base.pathname.replace(/\/$/, '')}${request.path}${queryString(request.query)}`,
      method: request.method,
      headers: {
        ...endpoint.headers,
        accept: request.accept ?? 'application/json',
        'user-agent': userAgent,
        ...(request.body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json' }),
      },
      body: request.body === undefined ? null : JSON.stringify(request.body),
      signal,
      // Deadlines are ours; a watch may be silent for long.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    return { status: response.statusCode, headers: response.headers, body: response.body };
  }
}

function queryString(query: Query | undefined): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  return parameters.size === 0 ? '' : `?${parameters.toString()}`;
}

async function refusal(answer: Answer, request: TransportRequest): Promise<KubeError> {
  const text = (await readAtMost(answer.body, MAX_ERROR_BYTES, title(request)).catch(() => Buffer.alloc(0))).toString(
    'utf8',
  );
  const retryAfter = answer.headers['retry-after'];
  return kubeErrorFromResponse({
    request: `${request.verb} ${request.target}`,
    status: answer.status,
    text,
    retryAfter: typeof retryAfter === 'string' ? retryAfter : undefined,
  });
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
