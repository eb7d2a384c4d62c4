// SPDX-License-Identifier: Apache-2.0
import { stringify } from 'yaml';
import { YAML_OUTPUT } from '../yaml-output.ts';
import type { NewKey } from './keygen-pair.ts';

/** The place of a Secret. */
export interface SecretName {
  readonly name: string;
  readonly namespace?: string;
}

/** Formats the manifest of the Secret that holds a key. */
export function secretManifest(
  { name, namespace }: SecretName,
  { privateEntry, publicEntry, password: secret }: NewKey,
): string {
  const base64 = (content: string | Uint8Array): string => Buffer.from(content).toString('base64');
  return stringify(
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
      type: 'Opaque',
      data: {
        [privateEntry.name]: base64(privateEntry.text),
        ...(secret === undefined ? {} : { 'cosign.password': base64(secret) }),
        [publicEntry.name]: base64(publicEntry.text),
      },
    },
    YAML_OUTPUT,
  );
}
