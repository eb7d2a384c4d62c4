// SPDX-License-Identifier: Apache-2.0
import { field, isObject } from '../../json/fields.ts';
import { bundleMaterial } from '../../verify/material/bundle-material.ts';
import { envelopeMaterial } from '../../verify/material/envelope-material.ts';
import type { Material } from '../../verify/material/material.ts';
import { strictJson } from '../../verify/strict-json.ts';
import type { VerificationProblem } from '../../verify/verification-problem.ts';
import { VerificationFailure } from '../../verify/verification-failure.ts';
import type { Evidence } from './evidence.ts';
import { readEvidence } from './evidence.ts';
import { readText } from '../read-text.ts';

/**
 * Reads the Sigstore bundles and DSSE envelopes in a file: one, a list, or the output of `hallmark sign`.
 * @param payloadFile the signed payload, for a bundle that holds only its digest
 * @throws UncheckedError when a file cannot be read
 */
export async function fileEvidence(path: string, payloadFile: string | undefined): Promise<readonly Evidence[]> {
  const text = await readText(path);
  const payload = payloadFile === undefined ? undefined : Buffer.from(await readText(payloadFile));
  const { values, problem } = parsed(text);
  if (problem !== undefined) return [{ place: path, material: problem, subjects: [] }];
  return values.map((value, index) => {
    const place = values.length === 1 ? path : `${path} (${index + 1})`;
    return readEvidence(place, () => material(value, payload));
  });
}

function parsed(text: string): { readonly values: readonly unknown[]; readonly problem?: VerificationProblem } {
  try {
    const value = strictJson(text, 'the file');
    return { values: Array.isArray(value) ? value.map((item: unknown) => item) : [value] };
  } catch (error) {
    if (error instanceof VerificationFailure) return { values: [], problem: error.problem() };
    throw error;
  }
}

function material(value: unknown, payload: Buffer | undefined): Material {
  const wrapped = field(value, 'bundle');
  if (isObject(wrapped)) return bundleMaterial(JSON.stringify(wrapped), payload ?? wrappedPayload(value));
  const text = JSON.stringify(value);
  return field(value, 'verificationMaterial') === undefined ? envelopeMaterial(text) : bundleMaterial(text, payload);
}

/** `hallmark sign` prints the payload next to a bundle that does not hold it. The signature decides whether it counts. */
function wrappedPayload(value: unknown): Buffer | undefined {
  const text = field(value, 'payload');
  return typeof text === 'string' ? Buffer.from(text) : undefined;
}
