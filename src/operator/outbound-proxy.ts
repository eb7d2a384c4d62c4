// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { ConfigurationError } from '../config/operator-configuration.ts';
import type { ProxySettings } from '../net/proxy/outbound-proxy.ts';

const USERNAME = 'HALLMARK_PROXY_USERNAME';
const PASSWORD = 'HALLMARK_PROXY_PASSWORD';

/** `outbound.proxy` of the configuration. */
export interface ConfiguredProxy {
  readonly url: string;
  readonly noProxy: readonly string[];
  readonly nameResolution: 'Operator' | 'Proxy';
  readonly caFile: string;
}

/**
 * Returns the proxy of the configuration, with the credentials of the environment; undefined if there is none.
 *
 * @throws ConfigurationError
 */
export function outboundProxy(
  { url, noProxy, nameResolution, caFile }: ConfiguredProxy,
  environment: Readonly<Record<string, string | undefined>>,
): ProxySettings | undefined {
  if (url === '') return undefined;
  const credentials = credentialsFrom(environment);
  const ca = caFile === '' ? undefined : authorities(caFile);
  return {
    url: new URL(url),
    noProxy,
    nameResolution,
    ...(credentials === undefined ? {} : { credentials }),
    ...(ca === undefined ? {} : { ca }),
  };
}

function credentialsFrom(environment: Readonly<Record<string, string | undefined>>): ProxySettings['credentials'] {
  const [username = '', password = ''] = [environment[USERNAME], environment[PASSWORD]];
  if (username === '' && password === '') return undefined;
  if (username === '' || password === '')
    throw new ConfigurationError(`outbound.proxy: ${USERNAME} and ${PASSWORD} must be set together, or neither`);
  // Basic authentication (RFC 7617) takes the first colon for the end of the name.
  if (username.includes(':')) throw new ConfigurationError(`outbound.proxy: ${USERNAME} must not contain a colon`);
  return { username, password };
}

function authorities(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigurationError(`outbound.proxy.caFile: ${path} cannot be read: ${detail}`, { cause });
  }
  if (!text.includes('-----BEGIN CERTIFICATE-----'))
    throw new ConfigurationError(`outbound.proxy.caFile: ${path} holds no certificate in PEM`);
  return text;
}
