// SPDX-License-Identifier: Apache-2.0
import { type PolicyDefinition } from '../../pipelines/definitions.ts';
import type { RunSigner } from '../../signing/run-signer.ts';
import type { SigningContext } from '../../signing/signing-context.ts';
import { SigningError } from '../../signing/signing-error.ts';
import type { SignerCheck, SigningSource } from '../../signing/signing-source.ts';
import { signingSource } from '../../signing/signing-source-of.ts';
import { type PolicyKey, policyKey, describePolicy } from '../../pipelines/policy-key.ts';

/** Hears of a policy's signer that is not what it was, and whether it can sign now. */
type SignerChangeListener = (policy: PolicyDefinition, isWorking: boolean) => void;

/** For how long a signer that failed is not asked again for a run. */
const REFUSAL_MS = 5000;
const MAX_REFUSAL_MS = 60_000;
/** Instead of the key of one run. */
const BY_CERTIFICATE = 'a certificate';
/** What was handed out by a replaced source is used up by then. */
const REPLACED_MS = 60_000;

interface Held {
  readonly uid: string;
  readonly generation: number;
  readonly source: SigningSource;
  /** Why it does not sign, as long as nobody needs to ask it again. */
  refusal?: { readonly error: SigningError; readonly untilMs: number };
}

/**
 * What signs for each policy: one source for each generation of its spec. Only here is it noticed that a policy's signer became
 * another one, began to fail or works again.
 */
export class PolicySigners {
  readonly #context: SigningContext;
  readonly #open: typeof signingSource;
  readonly #held = new Map<PolicyKey, Held>();
  #replaced: { readonly source: SigningSource; readonly sinceMs: number }[] = [];
  /** What each policy's signer was when it was last asked for: whom it signs as, or why it does not, in the words that records repeat. */
  readonly #answers = new Map<PolicyKey, string>();
  #onChange: SignerChangeListener = () => undefined;

  /** @param open makes what signs for a policy */
  constructor(context: SigningContext, open: typeof signingSource = signingSource) {
    this.#context = context;
    this.#open = open;
  }

  /** Has a listener told when a policy's signer is not what it was: rotated, gone, broken otherwise than before, or there at last. */
  onChange(listener: SignerChangeListener): void {
    this.#onChange = listener;
  }

  /** Forgets a policy that was deleted. */
  forget(key: PolicyKey): void {
    this.#answers.delete(key);
    this.#replace(key);
  }

  /** A signer for one run. @throws SigningError, at once and without asking again where it failed a moment ago */
  async signer(policy: PolicyDefinition, signal: AbortSignal): Promise<RunSigner> {
    const refusal = this.#standingRefusal(policy);
    if (refusal !== undefined) throw refusal;
    return this.#asked(policy, async (held) => {
      const signer = await held.source.signer(signal);
      const signsAs = signer.certificate === undefined ? signer.keyID : BY_CERTIFICATE;
      return { value: this.#watched(signer, policy, held), signsAs };
    });
  }

  /**
   * Whether the policy's signer could sign now, by a trial. A service that said when to ask again is left alone until then; and where
   * no trial is made, for each certificate is public for ever, a signature that failed a moment ago counts for more than an answer.
   * @throws SigningError
   */
  async check(policy: PolicyDefinition, signal: AbortSignal): Promise<SignerCheck> {
    await this.#closeReplaced(REPLACED_MS);
    const refusal = this.#standingRefusal(policy);
    const hasTrial = policy.spec.signer.type !== 'Keyless';
    if (refusal !== undefined && (!hasTrial || refusal.retryAfterSeconds !== undefined)) throw refusal;
    return this.#asked(policy, async ({ source }) => {
      const check = await source.check(signal);
      return { value: check, signsAs: check.active?.keyID ?? BY_CERTIFICATE };
    });
  }

  async close(): Promise<void> {
    for (const key of [...this.#held.keys()]) this.#replace(key);
    await this.#closeReplaced(0);
  }

  /** Why the signer failed, as long as it is not to be asked again. */
  #standingRefusal(policy: PolicyDefinition): SigningError | undefined {
    const { refusal } = this.#of(policy);
    return refusal !== undefined && refusal.untilMs > this.#context.clock.monotonicMs() ? refusal.error : undefined;
  }

  #of(policy: PolicyDefinition): Held {
    const key = policyKey(policy);
    const { uid, generation, homeNamespace } = policy;
    const held = this.#held.get(key);
    if (held?.uid === uid && held.generation === generation) return held;
    this.#replace(key);
    const description = describePolicy(policy);
    const { signer } = policy.spec;
    const source = this.#open({ kind: policy.kind, description, homeNamespace, signer }, this.#context);
    const made = { uid, generation, source };
    this.#held.set(key, made);
    return made;
  }

  /** The signer, whose failures are noted as well: a service may be there for its public key and gone for the signature. */
  #watched(signer: RunSigner, policy: PolicyDefinition, held: Held): RunSigner {
    const { keyID, publicKey, certificate } = signer;
    return {
      keyID,
      publicKey,
      ...(certificate === undefined ? {} : { certificate }),
      sign: (data) =>
        signer.sign(data).catch((error: unknown) => {
          if (error instanceof SigningError) this.#failed(policy, held, error);
          throw error;
        }),
    };
  }

  async #asked<T>(
    policy: PolicyDefinition,
    ask: (held: Held) => Promise<{ readonly value: T; readonly signsAs: string }>,
  ): Promise<T> {
    const held = this.#of(policy);
    try {
      const { value, signsAs } = await ask(held);
      delete held.refusal;
      this.#note(policy, `as ${signsAs}`, true);
      return value;
    } catch (error) {
      if (error instanceof SigningError) this.#failed(policy, held, error);
      throw error;
    }
  }

  #failed(policy: PolicyDefinition, held: Held, error: SigningError): void {
    const waitMs = Math.min(Math.max(REFUSAL_MS, (error.retryAfterSeconds ?? 0) * 1000), MAX_REFUSAL_MS);
    held.refusal = { error, untilMs: this.#context.clock.monotonicMs() + waitMs };
    this.#note(policy, `${error.reason}: ${error.message}`, false);
  }

  #note(policy: PolicyDefinition, answer: string, isWorking: boolean): void {
    const key = policyKey(policy);
    // An answer that comes after the policy was deleted or edited says nothing of what signs now.
    if (this.#held.get(key)?.generation !== policy.generation) return;
    const before = this.#answers.get(key);
    this.#answers.set(key, answer);
    if (before !== undefined && before !== answer) this.#onChange(policy, isWorking);
  }

  #replace(key: PolicyKey): void {
    const held = this.#held.get(key);
    if (held === undefined) return;
    this.#held.delete(key);
    this.#replaced.push({ source: held.source, sinceMs: this.#context.clock.monotonicMs() });
  }

  async #closeReplaced(ageMs: number): Promise<void> {
    const before = this.#context.clock.monotonicMs() - ageMs;
    const old = this.#replaced.filter(({ sinceMs }) => sinceMs <= before);
    this.#replaced = this.#replaced.filter(({ sinceMs }) => sinceMs > before);
    await Promise.all(old.map(({ source }) => source.close()));
  }
}
