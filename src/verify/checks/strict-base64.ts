// SPDX-License-Identifier: Apache-2.0
import { VerificationFailure } from '../verification-failure.ts';

/** Decodes canonical standard base64. Node's own decoder skips unknown characters. @throws VerificationFailure */
export function strictBase64(text: string, what: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') === text) return bytes;
  throw new VerificationFailure('MaterialInvalid', `${what} is not base64`);
}
