// SPDX-License-Identifier: Apache-2.0
import type { Identity } from '../../credentials/identity.ts';
import type { SignerDefinition } from '../signer-definition.ts';
import { SigningError } from '../signing-error.ts';

/** As whom a policy's key is used. @throws SigningError for a team's policy that names nobody: the operator's own identity is not for teams. */
export function kmsIdentity({ kind, description, homeNamespace, signer }: SignerDefinition): Identity {
  const { secretRef, serviceAccountName } = signer.kms ?? {};
  if (secretRef !== undefined) return { type: 'Secret', namespace: homeNamespace, secretName: secretRef.name };
  if (serviceAccountName !== undefined) {
    return { type: 'ServiceAccount', namespace: homeNamespace, serviceAccountName };
  }
  if (kind === 'ClusterSigningPolicy') return { type: 'Operator' };
  const message = `${description} does not say as whom its key is used: set secretRef or serviceAccountName in spec.signer.kms (the operator's own identity serves cluster policies only)`;
  throw new SigningError('SignerUnauthorized', message);
}
