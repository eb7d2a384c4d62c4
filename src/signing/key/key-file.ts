// SPDX-License-Identifier: Apache-2.0

/** Where a key lies, for messages that a user can act on. */
export interface KeyFile {
  readonly secretName: string;
  readonly entry: string;
}

export function describeKeyFile(file: KeyFile): string {
  return `entry "${file.entry}" of Secret "${file.secretName}"`;
}
