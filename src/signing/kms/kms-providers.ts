// SPDX-License-Identifier: Apache-2.0
import type { KmsProvider } from './kms-key.ts';

/** Loads a provider with its client library, which the provider's modules import as they are loaded. */
type ProviderLoader = () => Promise<KmsProvider>;

/**
 * The providers by the scheme of their URIs; each is loaded with the first key that needs it.
 * To add one: a folder here and a line in this map.
 */
const providers: Readonly<Record<string, ProviderLoader>> = {
  azurekms: async () => (await import('./azure/azure-key.ts')).azureKey,
  gcpkms: async () => (await import('./google/google-key.ts')).googleKey,
  awskms: async () => (await import('./aws/aws-key.ts')).awsKey,
  hashivault: async () => (await import('./vault/vault-key.ts')).vaultKey,
  openbao: async () => (await import('./vault/vault-key.ts')).vaultKey,
};

/** The loader of a key's provider; undefined for a scheme that nobody serves. */
export function kmsProvider(uri: string): ProviderLoader | undefined {
  return providers[uri.slice(0, uri.indexOf('://'))];
}
