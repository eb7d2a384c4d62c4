// SPDX-License-Identifier: Apache-2.0
import type { EffectiveSigningPolicySpec } from '../../api/v1alpha1/signing-policy/defaults.ts';

type KmsSpec = NonNullable<EffectiveSigningPolicySpec['signer']['kms']>;

/** The host, with its port, of the service that a policy names for its key; undefined when it leaves that to the cloud. */
export function kmsHost({ uri, vault, google }: KmsSpec): string | undefined {
  if (vault?.address !== undefined) return hostOf(vault.address);
  if (google?.endpoint !== undefined) return hostOf(`https://${google.endpoint}`);
  const [, inURI = ''] = /^(?:awskms|azurekms):\/\/([^/]*)/.exec(uri) ?? [];
  return inURI === '' ? undefined : hostOf(`https://${inURI}`);
}

/** A text that is no URL has no host: it is compared as it is written. */
function hostOf(url: string): string {
  return URL.parse(url)?.host ?? url;
}
