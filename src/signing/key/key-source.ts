// SPDX-License-Identifier: Apache-2.0
import type { KeySigner } from './key-signer.ts';
import type { RunSigner } from '../run-signer.ts';
import type { SignerDefinition } from '../signer-definition.ts';
import type { SigningContext } from '../signing-context.ts';
import { SigningError } from '../signing-error.ts';
import type { SignerCheck, SigningSource } from '../signing-source.ts';
import { readKeySecret } from './key-secret.ts';
import { endWarning, keyWindow, outsideWindow } from './key-window.ts';
import { OpenedKeys } from './opened-keys.ts';
import { requireSound } from './sound-signer.ts';

type KeySpec = NonNullable<SignerDefinition['signer']['key']>;

/** Signs with the private key of a Secret, which is read at use: new content signs as soon as the reader sees it. */
export function keySource(definition: SignerDefinition, context: SigningContext): SigningSource {
  return new KeySource(definition, context);
}

class KeySource implements SigningSource {
  readonly #definition: SignerDefinition;
  readonly #context: SigningContext;
  readonly #opened = new OpenedKeys();

  constructor(definition: SignerDefinition, context: SigningContext) {
    this.#definition = definition;
    this.#context = context;
  }

  async signer(signal: AbortSignal): Promise<RunSigner> {
    signal.throwIfAborted();
    const spec = this.#spec();
    this.#assertInWindow(spec);
    return this.#active(spec, signal);
  }

  async check(signal: AbortSignal): Promise<SignerCheck> {
    signal.throwIfAborted();
    const spec = this.#spec();
    const tried = await this.#tried(spec, signal);
    this.#opened.forgetUnused();
    if (tried instanceof SigningError) {
      // The window is reported first, as to a run. This key has no valid Secret any more: it is no longer published.
      const published = { retired: [] };
      this.#assertInWindow(spec, published);
      throw new SigningError(tried.reason, tried.message, { published });
    }
    const window = keyWindow(spec);
    const active = { keyID: tried.keyID, publicKey: tried.publicKey, ...window };
    this.#assertInWindow(spec, { active, retired: [] });
    const ending = endWarning(window, this.#context.clock.now(), this.#secretName(spec));
    const warnings = ending === undefined ? [] : [{ reason: 'KeyExpired' as const, message: ending }];
    return { active, retired: [], warnings };
  }

  close(): Promise<void> {
    this.#opened.clear();
    return Promise.resolve();
  }

  #spec(): KeySpec {
    const { signer, description } = this.#definition;
    if (signer.key === undefined)
      throw new SigningError('KeyNotFound', `${description} names no key: set spec.signer.key`);
    return signer.key;
  }

  /** @param published what verifies all the same, for those who ask for it */
  #assertInWindow(spec: KeySpec, published?: Pick<SignerCheck, 'active' | 'retired'>): void {
    const outside = outsideWindow(keyWindow(spec), this.#context.clock.now(), this.#secretName(spec));
    if (outside === undefined) return;
    const { message, retryAfterSeconds } = outside;
    const more = { retryAfterSeconds, ...(published === undefined ? {} : { published }) };
    throw new SigningError('KeyExpired', message, more);
  }

  async #active(spec: KeySpec, signal: AbortSignal): Promise<KeySigner> {
    const name = { namespace: this.#definition.homeNamespace, name: spec.secretRef.name };
    const entries = await readKeySecret(this.#context.objects, name, signal);
    return this.#opened.open(entries, this.#secretName(spec));
  }

  /** The active key, or why it does not sign; what may pass by itself rejects. */
  async #tried(spec: KeySpec, signal: AbortSignal): Promise<KeySigner | SigningError> {
    try {
      const signer = await this.#active(spec, signal);
      await requireSound(signer, `Secret "${this.#secretName(spec)}"`);
      return signer;
    } catch (error) {
      if (error instanceof SigningError) return error;
      throw error;
    }
  }

  #secretName({ secretRef }: KeySpec): string {
    return `${this.#definition.homeNamespace}/${secretRef.name}`;
  }
}
