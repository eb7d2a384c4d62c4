// SPDX-License-Identifier: Apache-2.0
import { field } from '../json/fields.ts';
import { parseManifest } from '../api/v1alpha1/parsing/parse-manifest.ts';
import { fieldErrorText } from '../api/v1alpha1/parsing/field-error.ts';
import type { EffectiveSigningPolicySpec } from '../api/v1alpha1/signing-policy/defaults.ts';
import { effectiveSigningPolicySpec } from '../api/v1alpha1/signing-policy/defaults.ts';
import { readRunDocuments } from './documents/run-documents.ts';

/**
 * Reads the settings of the one SigningPolicy or ClusterSigningPolicy in a file, `-` being standard input. Rejects if the file cannot be
 * read, holds no policy or more than one, or the policy is invalid.
 */
export async function readPolicyFile(path: string): Promise<EffectiveSigningPolicySpec> {
  const documents = await readRunDocuments([path], process.stdin);
  const policies = documents.flatMap((document) => {
    if ('syntaxError' in document) throw new Error(`${document.place}: ${document.syntaxError}`);
    return isPolicy(document.value) ? [document] : [];
  });
  const [policy] = policies;
  if (policy === undefined || policies.length > 1) {
    throw new Error(`${path} must hold one SigningPolicy or ClusterSigningPolicy; it holds ${policies.length}`);
  }
  const parsed = parseManifest(policy.value);
  if (!parsed.ok) throw new Error(`${policy.place}: ${parsed.problems.map(fieldErrorText).join('; ')}`);
  const manifest = parsed.value;
  if (manifest.kind !== 'SigningPolicy' && manifest.kind !== 'ClusterSigningPolicy')
    throw new Error(`${path}: no policy`);
  return effectiveSigningPolicySpec(manifest.spec, '');
}

function isPolicy(value: unknown): boolean {
  const kind = field(value, 'kind');
  return kind === 'SigningPolicy' || kind === 'ClusterSigningPolicy';
}
