// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { ImageReference } from '../tekton/images/image-reference.ts';

/** 12 hex digits that tell an image from the others of a run, for the names of its signatures in the record. */
export function imageNameDigits({ fullName }: ImageReference): string {
  return createHash('sha256').update(fullName).digest('hex').slice(0, 12);
}
