// SPDX-License-Identifier: Apache-2.0
import type { RegistryAddress } from '../testbed/registry/registry-client.ts';

/** The user's registry, and the repository of it that the demo pushes to. */
export interface DemoRegistry {
  readonly address: RegistryAddress;
  readonly repository: string;
  readonly isPlain: boolean;
}

/** Reads `--registry` and its credentials. @throws Error that says what a usable URL is */
export function demoRegistry(text: string, environment: Readonly<Record<string, string | undefined>>): DemoRegistry {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol) || url.search !== '' || url.username !== '') {
    throw new Error(
      `--registry must be https://HOST[:PORT][/PATH] without credentials, or http:// for a plain one, not "${text}"`,
    );
  }
  const prefix = url.pathname.replace(/^\/+|\/+$/g, '');
  const { HALLMARK_DEMO_REGISTRY_USERNAME: username, HALLMARK_DEMO_REGISTRY_PASSWORD: password } = environment;
  const credentials = username === undefined || password === undefined ? undefined : { username, password };
  return {
    address: { host: url.host, credentials },
    repository: `${prefix === '' ? '' : `${prefix}/`}hallmark-demo`,
    isPlain: url.protocol === 'http:',
  };
}
