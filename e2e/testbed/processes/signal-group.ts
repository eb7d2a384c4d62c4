// SPDX-License-Identifier: Apache-2.0

/** Sends a signal to a whole process group (0 only asks whether it exists); false when there is no such group. */
export function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  // 0 and 1 would mean our own group and every process of the user.
  if (!Number.isInteger(group) || group <= 1) return false;
  try {
    process.kill(-group, signal);
    return true;
  } catch {
    return false;
  }
}
