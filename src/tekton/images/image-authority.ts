// SPDX-License-Identifier: Apache-2.0
import { isIPv6 } from 'node:net';

/** Below U+0080 Go's URL parser takes letters, digits and these in a host; above, it takes everything. */
const hostPattern = /^[A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"\u0080-\u{10FFFF}]*$/u;
const portPattern = /^(:[0-9]*)?$/;

/** True when Go's `url.Parse` takes `//<text>` for a URL of exactly this host: what the reference asks of a registry. */
export function isImageAuthority(text: string): boolean {
  if (!hostPattern.test(text)) return false;
  const open = text.lastIndexOf('[');
  if (open < 0) return portPattern.test(text.includes(':') ? text.slice(text.lastIndexOf(':')) : '');
  // Only an IPv6 address stands in brackets, and nothing in front of them.
  const close = text.lastIndexOf(']');
  if (open > 0 || close < 0) return false;
  const address = text.slice(1, close);
  return isIPv6(address) && !address.includes('%') && portPattern.test(text.slice(close + 1));
}
