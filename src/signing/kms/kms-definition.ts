// SPDX-License-Identifier: Apache-2.0
import type { Identity } from '../../credentials/identity.ts';
import type { ObjectReader } from '../../credentials/object-reader.ts';
import type { TlsOptions } from '../../net/tls-options.ts';
import type { SignerDefinition } from '../signer-definition.ts';
import { SigningError } from '../signing-error.ts';

/** `spec.signer.kms` of a policy. */
export type KmsSpec = NonNullable<SignerDefinition['signer']['kms']>;

/** The part of a policy that a provider needs. */
export interface KmsDefinition {
  /** The key, as the policy names it; for messages too: it holds no secret. */
  readonly uri: string;
  /** "SigningPolicy team-a/release", for messages. */
  readonly description: string;
  readonly kind: SignerDefinition['kind'];
  /** The namespace of the policy's ServiceAccounts and Secrets. */
  readonly homeNamespace: string;
  readonly identity: Identity;
  /** The TLS options of the service and of its token exchange: `caBundleRef` as it was read. */
  readonly tls: TlsOptions;
  /** The member of the provider has its settings. */
  readonly spec: KmsSpec;
}

/** The TLS options of a key's service: trust in `caBundleRef`, or in the system's certificates. */
export async function kmsCertificates(
  { signer, homeNamespace }: SignerDefinition,
  objects: ObjectReader,
  signal: AbortSignal,
): Promise<TlsOptions> {
  const ref = signer.kms?.caBundleRef;
  if (ref === undefined) return {};
  const name = `ConfigMap "${homeNamespace}/${ref.name}"`;
  const entry = ref.key ?? 'ca.crt';
  const data = await objects.getConfigMap(homeNamespace, ref.name, signal);
  if (data === undefined)
    throw new SigningError('SignerUnavailable', `${name} of caBundleRef does not exist: create it`);
  const ca = data[entry];
  if (ca === undefined || !ca.includes('-----BEGIN CERTIFICATE-----')) {
    const message = `${name} of caBundleRef has no PEM certificates in its entry "${entry}": put them there`;
    throw new SigningError('SignerUnavailable', message);
  }
  return { ca };
}

/** The identity that uses a policy's key. @throws SigningError for a team's policy that names none: the operator's own identity is not for teams. */
export function kmsIdentity({ kind, description, homeNamespace, signer }: SignerDefinition): Identity {
  const { secretRef, serviceAccountName } = signer.kms ?? {};
  if (secretRef !== undefined) return { type: 'Secret', namespace: homeNamespace, secretName: secretRef.name };
  if (serviceAccountName !== undefined) {
    return { type: 'ServiceAccount', namespace: homeNamespace, serviceAccountName };
  }
  if (kind === 'ClusterSigningPolicy') return { type: 'Operator' };
  const message = `${description} names no credentials for its key: set secretRef or serviceAccountName in spec.signer.kms (the operator's own identity serves cluster policies only)`;
  throw new SigningError('SignerUnauthorized', message);
}
