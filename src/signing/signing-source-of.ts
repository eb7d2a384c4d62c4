// SPDX-License-Identifier: Apache-2.0
import { keySource } from './key/key-source.ts';
import { lazySource } from './lazy-source.ts';
import type { SignerDefinition } from './signer-definition.ts';
import type { SigningContext } from './signing-context.ts';
import type { SigningSource } from './signing-source.ts';
import { withRetiredKeys } from './key/with-retired-keys.ts';

/**
 * The signing source of a policy, by its type. It reads, connects and loads nothing until it is asked for a signer.
 * To add a type: a folder here, a member of `spec.signer`, and a line in this switch that imports the folder on first use.
 */
export function signingSource(definition: SignerDefinition, context: SigningContext): SigningSource {
  return withRetiredKeys(activeSource(definition, context), definition, context);
}

function activeSource(definition: SignerDefinition, context: SigningContext): SigningSource {
  switch (definition.signer.type) {
    case 'Key':
      return keySource(definition, context);
    case 'KMS':
      return lazySource(async () => (await import('./kms/kms-source.ts')).kmsSource(definition, context));
    case 'Keyless':
      return lazySource(async () => (await import('./keyless/keyless-source.ts')).keylessSource(definition, context));
  }
}
