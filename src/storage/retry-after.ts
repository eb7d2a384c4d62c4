// SPDX-License-Identifier: Apache-2.0

const MAX_SECONDS = 3600;

/** Retry-After in seconds, at most an hour; a date counts from the server's own clock. Header names are lower case. */
export function retryAfterSeconds(headers: Readonly<Record<string, string | undefined>>): number | undefined {
  const value = headers['retry-after'];
  if (value === undefined) return undefined;
  const isSeconds = /^\d{1,9}$/.test(value);
  const seconds = isSeconds ? Number(value) : (Date.parse(value) - Date.parse(headers['date'] ?? '')) / 1000;
  return Number.isFinite(seconds) ? Math.min(Math.max(Math.ceil(seconds), 0), MAX_SECONDS) : undefined;
}
