// SPDX-License-Identifier: Apache-2.0
import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';

/** The answer to one request, read to its end. */
export interface WholeResponse {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: IncomingHttpHeaders;
  /** At most as many bytes as asked for. */
  readonly body: Buffer;
  /** The server sent a longer body. Its connection is closed. */
  readonly isCut: boolean;
}

export interface ResponseBounds {
  readonly signal: AbortSignal;
  /** The longest body that is read, for the status of the answer. */
  readonly maxBytes: (status: number) => number;
}

/**
 * Sends a request and reads its answer as it arrives, without the stream that undici's `request` makes for each answer: that stream costs as
 * much as all the rest of an exchange.
 *
 * @returns the answer, whatever its status
 * @throws undici's error if no whole answer came; the signal's reason as soon as it aborts, even while undici still connects
 */
export function wholeResponse(
  dispatcher: Dispatcher,
  request: Dispatcher.DispatchOptions,
  bounds: ResponseBounds,
): Promise<WholeResponse> {
  return new Promise((resolve, reject) => {
    const reader = new ResponseReader(bounds, resolve, reject);
    if (!reader.isSettled) dispatcher.dispatch(request, reader);
  });
}

class ResponseReader implements Dispatcher.DispatchHandler {
  readonly #bounds: ResponseBounds;
  readonly #resolve: (response: WholeResponse) => void;
  readonly #reject: (error: unknown) => void;
  readonly #chunks: Buffer[] = [];
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #headers: IncomingHttpHeaders = {};
  #roomBytes = 0;
  isSettled = false;

  constructor(bounds: ResponseBounds, resolve: (response: WholeResponse) => void, reject: (error: unknown) => void) {
    this.#bounds = bounds;
    this.#resolve = resolve;
    this.#reject = reject;
    if (bounds.signal.aborted) this.#onAbort();
    else bounds.signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // The caller gave up while the request waited for a connection.
    if (this.isSettled) this.#close();
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    // An interim answer: the final one follows.
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
    this.#roomBytes = this.#bounds.maxBytes(status);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.isSettled) return;
    if (chunk.length <= this.#roomBytes) {
      this.#roomBytes -= chunk.length;
      this.#chunks.push(chunk);
      return;
    }
    this.#chunks.push(chunk.subarray(0, this.#roomBytes));
    this.#answer(true);
    this.#close();
  }

  onResponseEnd(): void {
    if (!this.isSettled) this.#answer(false);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#fail(error);
  }

  readonly #onAbort = (): void => {
    this.#fail(this.#bounds.signal.reason);
    this.#close();
  };

  #answer(isCut: boolean): void {
    this.#settle();
    const [first, ...others] = this.#chunks;
    const body = first !== undefined && others.length === 0 ? first : Buffer.concat(this.#chunks);
    this.#resolve({ status: this.#status, headers: this.#headers, body, isCut });
  }

  #fail(error: unknown): void {
    if (this.isSettled) return;
    this.#settle();
    this.#reject(error);
  }

  #settle(): void {
    this.isSettled = true;
    this.#bounds.signal.removeEventListener('abort', this.#onAbort);
  }

  #close(): void {
    this.#controller?.abort(new Error('the rest of the answer is not wanted'));
  }
}
