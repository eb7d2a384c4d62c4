// SPDX-License-Identifier: Apache-2.0
import type { VerificationCode, VerificationProblem } from './verification-problem.ts';

/** Aborts a check of evidence. Functions that return problems catch it. */
export class VerificationFailure extends Error {
  readonly code: VerificationCode;

  constructor(code: VerificationCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'VerificationFailure';
    this.code = code;
  }

  problem(): VerificationProblem {
    return { code: this.code, message: this.message };
  }
}
