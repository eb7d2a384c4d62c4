// SPDX-License-Identifier: Apache-2.0
import type { ServiceAccountSecrets, TypedSecret } from '../../src/credentials/object-reader.ts';
import { EgressClient } from '../../src/net/egress-client.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import type { SigningContext } from '../../src/signing/signing-context.ts';
import { CredentialError } from '../../src/credentials/credential-error.ts';

export type Entries = Readonly<Record<string, Uint8Array>>;

/** Secrets and ConfigMaps that a test holds in its hands, in place of a cluster. Tests change them as a user would. */
export class HeldObjects {
  readonly secrets = new Map<string, Entries>();
  readonly configMaps = new Map<string, Readonly<Record<string, string>>>();

  getSecret(namespace: string, name: string, signal: AbortSignal): Promise<Entries | undefined> {
    signal.throwIfAborted();
    return Promise.resolve(this.secrets.get(`${namespace}/${name}`));
  }

  async getTypedSecret(namespace: string, name: string, signal: AbortSignal): Promise<TypedSecret | undefined> {
    const data = await this.getSecret(namespace, name, signal);
    return data === undefined ? undefined : { type: 'Opaque', annotations: {}, data };
  }

  getConfigMap(
    namespace: string,
    name: string,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, string>> | undefined> {
    signal.throwIfAborted();
    return Promise.resolve(this.configMaps.get(`${namespace}/${name}`));
  }

  getServiceAccount(): Promise<ServiceAccountSecrets | undefined> {
    return Promise.resolve(undefined);
  }
}

/** A signing context on held objects, without tokens, whose egress lets through exactly these `host:port` pairs. */
export function signingContext(
  objects: HeldObjects,
  options: { readonly allow?: readonly string[]; readonly clock?: Clock } = {},
): SigningContext {
  const noTokens = new CredentialError('Forbidden', 'this test has no ServiceAccounts');
  return {
    objects,
    tokens: { token: () => Promise.reject(noTokens) },
    egress: new EgressClient({ allow: options.allow ?? [] }),
    clock: options.clock ?? systemClock,
    keylessAudience: 'sigstore',
  };
}
