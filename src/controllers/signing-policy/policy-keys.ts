// SPDX-License-Identifier: Apache-2.0
import { isForbidden } from '../../kube/kube-error.ts';
import { describePolicy, type PolicyDefinition, policyKeyText } from '../../pipelines/definitions.ts';
import type { KeySigner } from '../../signing/key-signer.ts';
import { loadKeySigner } from '../../signing/load-key-signer.ts';
import { SigningError } from '../../signing/signing-error.ts';
import type { ObjectReader } from '../../credentials/object-reader.ts';

/** Hears of a policy's key that is not what it was, and whether it can sign now. */
type KeyChangeListener = (policy: PolicyDefinition, isWorking: boolean) => void;

/**
 * The signers of policies, read from their Secrets at use. A Secret's data is cached by the reader for a short time only; a
 * decrypted key lives exactly as long as the data it came from.
 */
export class PolicyKeys {
  readonly #objects: ObjectReader;
  readonly #signers = new WeakMap<Readonly<Record<string, Uint8Array>>, Promise<KeySigner>>();
  /** What each policy's key was when it was last asked for: its key id, or the reason that there is none. */
  readonly #answers = new Map<string, string>();
  #onChange: KeyChangeListener = () => undefined;

  constructor(objects: ObjectReader) {
    this.#objects = objects;
  }

  /** Has a listener told when a policy's key is not what it was: rotated, gone, or there at last. */
  onChange(listener: KeyChangeListener): void {
    this.#onChange = listener;
  }

  /** Forgets a policy that was deleted, by the text of its key. */
  forget(policyKey: string): void {
    this.#answers.delete(policyKey);
  }

  /**
   * The signer of a policy, from the one namespace that its references are read in.
   * @throws SigningError `KeyNotFound` or `KeyInvalid`, naming the Secret and the remedy
   */
  async signer(policy: PolicyDefinition, signal: AbortSignal): Promise<KeySigner> {
    try {
      const signer = await this.#load(policy, signal);
      this.#note(policy, signer.keyID, true);
      return signer;
    } catch (error) {
      if (error instanceof SigningError) this.#note(policy, error.reason, false);
      throw error;
    }
  }

  #note(policy: PolicyDefinition, answer: string, isWorking: boolean): void {
    const key = policyKeyText(policy);
    const before = this.#answers.get(key);
    this.#answers.set(key, answer);
    if (before !== undefined && before !== answer) this.#onChange(policy, isWorking);
  }

  async #load(policy: PolicyDefinition, signal: AbortSignal): Promise<KeySigner> {
    const name = policy.spec.signer.key?.secretRef.name;
    if (name === undefined)
      throw new SigningError('KeyNotFound', `${describePolicy(policy)} names no key: set spec.signer.key`);
    const secretName = `${policy.homeNamespace}/${name}`;
    const data = await this.#read(policy.homeNamespace, name, signal);
    if (data === undefined) {
      const message = `Secret "${secretName}" does not exist: create it with an entry "x509.pem", or "cosign.key" and "cosign.password"`;
      throw new SigningError('KeyNotFound', message);
    }
    const known = this.#signers.get(data) ?? loadKeySigner(data, secretName);
    this.#signers.set(data, known);
    return known;
  }

  async #read(
    namespace: string,
    name: string,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, Uint8Array>> | undefined> {
    try {
      return await this.#objects.getSecret(namespace, name, signal);
    } catch (error) {
      if (!isForbidden(error)) throw error;
      const message = `the operator may not read Secret "${namespace}/${name}": grant its ServiceAccount get on it`;
      throw new SigningError('KeyNotFound', message, { cause: error });
    }
  }
}
