// SPDX-License-Identifier: Apache-2.0

/**
 * Returns the reason why a policy may not use a log, or undefined if it may. Entries in a public log are permanent, so the operator's
 * configuration must list each log too.
 */
export function forbiddenLog(url: string, permitted: readonly string[]): string | undefined {
  if (permitted.some((allowed) => normalised(allowed) === normalised(url))) return undefined;
  return `policies may not use the log ${url}: the operator's administrator can allow it under "transparency.logs"`;
}

/** Lower-cases the host, and removes a default port and trailing slashes. */
function normalised(url: string): string {
  const parsed = URL.parse(url);
  return parsed === null ? url : `${parsed.origin}${parsed.pathname.replace(/\/+$/, '')}`;
}
