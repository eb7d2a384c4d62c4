// SPDX-License-Identifier: Apache-2.0
import { isIPv4 } from 'node:net';
import type { TlsOptions } from '../../../net/tls-options.ts';

/**
 * The origins to try for a registry, in order, by go-containerregistry's rules: plain http for this machine and for
 * private IPv4 addresses, https for the rest. `insecure` tries https first and then http; a certificate bundle says https.
 */
export function registryOrigins(registry: string, tls: TlsOptions): readonly string[] {
  if (tls.insecure === true) return [`https://${registry}`, `http://${registry}`];
  if (tls.ca === undefined && isPlain(registry)) return [`http://${registry}`];
  return [`https://${registry}`];
}

function isPlain(registry: string): boolean {
  if (registry.startsWith('localhost:')) return true;
  const host = registry.replace(/:\d+$/, '');
  return host.endsWith('.localhost') || host === '127.0.0.1' || host === '[::1]' || isPrivate(host);
}

/** RFC 1918. */
function isPrivate(host: string): boolean {
  if (!isIPv4(host)) return false;
  const [first = 0, second = 0] = host.split('.').map(Number);
  return first === 10 || (first === 172 && second >= 16 && second <= 31) || (first === 192 && second === 168);
}
