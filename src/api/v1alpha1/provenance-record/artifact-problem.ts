// SPDX-License-Identifier: Apache-2.0
import { fieldErrorText } from '../parsing/field-error.ts';
import { validator } from '../parsing/validator.ts';
import { type EvidenceArtifact, evidenceArtifact } from './evidence.ts';

const validate = validator(evidenceArtifact);

/**
 * Explain why the API server would refuse an artifact in a record, such as `certificate.chain: must NOT have more than
 * 32768 characters`.
 */
export function artifactProblem(artifact: EvidenceArtifact): string | undefined {
  const checked = validate(artifact);
  if (checked.ok) return undefined;
  return checked.problems.map(fieldErrorText).join('; ');
}
