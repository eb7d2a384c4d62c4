// SPDX-License-Identifier: Apache-2.0

/** Where a key lies, for messages that a user can act on. */
export interface KeyFile {
  /** `entry "cosign.key" of Secret "team-a/signing-secrets"`. */
  readonly description: string;
  /** Where its password is looked for: `entry "cosign.password"`. */
  readonly password: string;
}

/** An entry of a Secret. */
export function secretKeyFile(secretName: string, entry: string): KeyFile {
  return { description: `entry "${entry}" of Secret "${secretName}"`, password: 'entry "cosign.password"' };
}

/** A file on the user's disk. */
export function localKeyFile(path: string): KeyFile {
  return { description: path, password: '--password-file, --password-prompt or $COSIGN_PASSWORD' };
}
