// SPDX-License-Identifier: Apache-2.0
import { isForbidden } from '../../kube/kube-error.ts';

/** `Failed` stops evidence from being made, `Warning` may. `Unseen` needs rights that the caller does not have. */
export type CheckState = 'OK' | 'Warning' | 'Failed' | 'Unseen';

/** One thing that was looked at. */
export interface Check {
  readonly area: string;
  readonly subject: string;
  readonly state: CheckState;
  readonly message: string;
}

/** Makes checks of one area. */
export function checkOf(area: string): (subject: string, state: CheckState, message: string) => Check {
  return (subject, state, message) => ({ area, subject, state, message });
}

/** Reads for a check; undefined where the caller may not. @throws KubeError for other failures */
export async function seen<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if (isForbidden(error)) return undefined;
    throw error;
  }
}
