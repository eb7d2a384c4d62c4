// SPDX-License-Identifier: Apache-2.0

/** The one way signers and drivers read referenced objects. `undefined` when the object does not exist; other failures reject. */
export interface ObjectReader {
  /** Decoded `data` by entry. */
  getSecret(
    namespace: string,
    name: string,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, Uint8Array>> | undefined>;
  getConfigMap(
    namespace: string,
    name: string,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, string>> | undefined>;
  getServiceAccount(namespace: string, name: string, signal: AbortSignal): Promise<ServiceAccountSecrets | undefined>;
}

export interface ServiceAccountSecrets {
  /** Names listed under `secrets` of the account; `imagePullSecrets` are not push credentials and are left out. */
  readonly secretNames: readonly string[];
}
