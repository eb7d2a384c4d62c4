// SPDX-License-Identifier: Apache-2.0
import { OpenedKeys } from './opened-keys.ts';
import { type RetiredRef, retiredKeys } from './retired-keys.ts';
import type { RunSigner } from '../run-signer.ts';
import type { SignerDefinition } from '../signer-definition.ts';
import type { SigningContext } from '../signing-context.ts';
import { SigningError } from '../signing-error.ts';
import type { SignerCheck, SigningSource } from '../signing-source.ts';
import type { VerificationKey } from '../verification-key.ts';

/**
 * Makes a source publish the keys that its policy lists as retired, whatever signs now: a key of a Secret, of a service, or one for each
 * run. Nothing about them keeps it from signing.
 */
export function withRetiredKeys(
  source: SigningSource,
  definition: SignerDefinition,
  context: SigningContext,
): SigningSource {
  const { key, kms, keyless } = definition.signer;
  const refs = (key ?? kms ?? keyless)?.retired ?? [];
  return refs.length === 0 ? source : new KeyRing(source, refs, { definition, context });
}

class KeyRing implements SigningSource {
  readonly #source: SigningSource;
  readonly #refs: readonly RetiredRef[];
  readonly #definition: SignerDefinition;
  readonly #context: SigningContext;
  readonly #opened = new OpenedKeys();

  constructor(
    source: SigningSource,
    refs: readonly RetiredRef[],
    of: { readonly definition: SignerDefinition; readonly context: SigningContext },
  ) {
    this.#source = source;
    this.#refs = refs;
    this.#definition = of.definition;
    this.#context = of.context;
  }

  signer(signal: AbortSignal): Promise<RunSigner> {
    return this.#source.signer(signal);
  }

  async check(signal: AbortSignal): Promise<SignerCheck> {
    const check = await this.#found(signal);
    const from = {
      objects: this.#context.objects,
      namespace: this.#definition.homeNamespace,
      opened: this.#opened,
    };
    const { keys, problems } = await retiredKeys(this.#refs, from, signal);
    this.#opened.forgetUnused();
    if (check instanceof SigningError) throw publishing(check, keys);
    return { ...check, retired: ring(keys, check), warnings: [...(check.warnings ?? []), ...problems] };
  }

  async close(): Promise<void> {
    this.#opened.clear();
    await this.#source.close();
  }

  /** The check, or the reason why nothing signs. Failures that may pass by themselves reject. */
  async #found(signal: AbortSignal): Promise<SignerCheck | SigningError> {
    try {
      return await this.#source.check(signal);
    } catch (error) {
      if (error instanceof SigningError) return error;
      throw error;
    }
  }
}

/** The same failure; what earlier keys signed verifies, whatever became of the active one. */
function publishing(error: SigningError, keys: readonly VerificationKey[]): SigningError {
  const { reason, message, retryAfterSeconds, published } = error;
  const all = { ...published, retired: ring(keys, published) };
  return new SigningError(reason, message, { cause: error, retryAfterSeconds, published: all });
}

/** Each key once: the active one is not retired yet, and of one that the service keeps too the policy's own window counts. */
function ring(
  listed: readonly VerificationKey[],
  { active, retired }: Pick<SignerCheck, 'active' | 'retired'> = { retired: [] },
): readonly VerificationKey[] {
  const isListed = ({ keyID }: VerificationKey): boolean => listed.some((key) => key.keyID === keyID);
  return [...listed, ...retired.filter((key) => !isListed(key))].filter(({ keyID }) => keyID !== active?.keyID);
}
