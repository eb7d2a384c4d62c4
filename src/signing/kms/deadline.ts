// SPDX-License-Identifier: Apache-2.0
import { SigningError } from '../signing-error.ts';

export interface Deadline {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** The key, for the message. */
  readonly uri: string;
}

/**
 * Ends a call to a service when the caller gives up or the time is over, also where a client library goes on by itself.
 * @param translated what a failure means, as a SigningError
 */
export async function withinDeadline<Result>(
  { signal, timeoutMs, uri }: Deadline,
  work: (signal: AbortSignal) => Promise<Result>,
  translated: (error: unknown) => SigningError,
): Promise<Result> {
  signal.throwIfAborted();
  const timeout = AbortSignal.timeout(timeoutMs);
  const bounded = AbortSignal.any([signal, timeout]);
  const { promise: over, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => {
    reject(new SigningError('SignerUnavailable', `key ${uri}: its service did not answer within ${timeoutMs} ms`));
  };
  bounded.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work(bounded), over]);
  } catch (error) {
    signal.throwIfAborted();
    if (timeout.aborted)
      throw new SigningError('SignerUnavailable', `key ${uri}: its service did not answer within ${timeoutMs} ms`);
    throw translated(error);
  } finally {
    bounded.removeEventListener('abort', onAbort);
  }
}
