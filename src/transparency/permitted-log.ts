// SPDX-License-Identifier: Apache-2.0

/**
 * Why a policy may not use a log; undefined when it may. What is in a public log stays there for ever, so the operator's configuration has
 * to name each log, too.
 */
export function forbiddenLog(url: string, permitted: readonly string[]): string | undefined {
  if (permitted.some((allowed) => normalised(allowed) === normalised(url))) return undefined;
  return `policies may not use the log ${url}: the operator's administrator can allow it under "transparency.logs"`;
}

/** Host in lower case, no port where it is the protocol's own, no slash at the end. */
function normalised(url: string): string {
  const parsed = URL.parse(url);
  return parsed === null ? url : `${parsed.origin}${parsed.pathname.replace(/\/+$/, '')}`;
}
