// SPDX-License-Identifier: Apache-2.0

const READY_SECONDS = 300;
const NOT_READY_SECONDS = 20;
/** Probes of backends that were made together are spread over this part of their interval. */
const JITTER = 0.2;

/** Seconds until the next probe of a backend. A backend that is down is probed at least as often as anything else is retried. */
export function nextProbeSeconds(
  isReady: boolean,
  options: { readonly maxRetrySeconds?: number; readonly random?: () => number },
): number {
  const { maxRetrySeconds = NOT_READY_SECONDS, random = Math.random } = options;
  const seconds = isReady ? READY_SECONDS : Math.min(NOT_READY_SECONDS, maxRetrySeconds);
  return seconds * (1 - JITTER * random());
}
