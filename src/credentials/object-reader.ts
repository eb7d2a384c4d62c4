// SPDX-License-Identifier: Apache-2.0

export interface ReadOptions {
  /** The greatest age of a copy that the reader may give; by default, of any copy that it keeps. */
  readonly maxAgeMs?: number;
}

/** The one way signers and drivers read referenced objects. `undefined` when the object does not exist; other failures reject. */
export interface ObjectReader {
  /** Decoded `data` by entry. */
  getSecret(
    namespace: string,
    name: string,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, Uint8Array>> | undefined>;
  /** The same with the Secret's type and annotations. */
  getTypedSecret(
    namespace: string,
    name: string,
    signal: AbortSignal,
    options?: ReadOptions,
  ): Promise<TypedSecret | undefined>;
  getConfigMap(
    namespace: string,
    name: string,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, string>> | undefined>;
  getServiceAccount(
    namespace: string,
    name: string,
    signal: AbortSignal,
    options?: ReadOptions,
  ): Promise<ServiceAccountSecrets | undefined>;
}

/** A Secret with what says how its entries are meant. */
export interface TypedSecret {
  readonly type: string;
  readonly annotations: Readonly<Record<string, string>>;
  /** Decoded, by entry. */
  readonly data: Readonly<Record<string, Uint8Array>>;
}

export interface ServiceAccountSecrets {
  /** Names listed under `secrets` of the account; `imagePullSecrets` are not push credentials and are left out. */
  readonly secretNames: readonly string[];
}
