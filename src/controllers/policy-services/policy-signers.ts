// SPDX-License-Identifier: Apache-2.0
import { type PolicyDefinition } from '../../pipelines/definitions.ts';
import type { RunSigner } from '../../signing/run-signer.ts';
import type { SigningContext } from '../../signing/signing-context.ts';
import { SigningError } from '../../signing/signing-error.ts';
import type { SignerCheck, SigningSource } from '../../signing/signing-source.ts';
import { signingSource } from '../../signing/signing-source-of.ts';
import { type PolicyKey, policyKey, describePolicy } from '../../pipelines/policy-key.ts';

/** Called when a policy's signer changes, with whether it can sign now. */
type SignerChangeListener = (policy: PolicyDefinition, isWorking: boolean) => void;

/** The pause after a failure before a run asks the signer again. */
const REFUSAL_MS = 5000;
const MAX_REFUSAL_MS = 60_000;
/** Stands for the key of one run. */
const BY_CERTIFICATE = 'a certificate';
/** Signers of a replaced source are used within this time. */
const REPLACED_MS = 60_000;

interface Held {
  readonly uid: string;
  readonly generation: number;
  readonly source: SigningSource;
  /** The last failure, until the signer is asked again. */
  refusal?: { readonly error: SigningError; readonly untilMs: number };
}

/**
 * The signer of each policy: one source for each generation of its spec. Notices when a signer changes, begins to fail or works again.
 */
export class PolicySigners {
  readonly #context: SigningContext;
  readonly #open: typeof signingSource;
  readonly #held = new Map<PolicyKey, Held>();
  #replaced: { readonly source: SigningSource; readonly sinceMs: number }[] = [];
  /** The last state of each policy's signer: its name or its failure, in the words that records repeat. */
  readonly #answers = new Map<PolicyKey, string>();
  #onChange: SignerChangeListener = () => undefined;

  /** @param open makes what signs for a policy */
  constructor(context: SigningContext, open: typeof signingSource = signingSource) {
    this.#context = context;
    this.#open = open;
  }

  /** Calls the listener when a policy's signer was rotated, is gone, fails for another reason or works again. */
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
    const refusal = this.#currentRefusal(policy);
    if (refusal !== undefined) throw refusal;
    return this.#asked(policy, async (held) => {
      const signer = await held.source.signer(signal);
      const signsAs = signer.certificate === undefined ? signer.keyID : BY_CERTIFICATE;
      return { value: this.#watched(signer, policy, held), signsAs };
    });
  }

  /**
   * Checks by a trial signature whether the policy's signer can sign now. A service that named a time to retry is left alone until then.
   * Keyless signers are not tried, because each certificate is public for ever: there a recent failed signature decides.
   * @throws SigningError
   */
  async check(policy: PolicyDefinition, signal: AbortSignal): Promise<SignerCheck> {
    await this.#closeReplaced(REPLACED_MS);
    const refusal = this.#currentRefusal(policy);
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

  /** The last failure while the signer is not to be asked again. */
  #currentRefusal(policy: PolicyDefinition): SigningError | undefined {
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

  /** Wraps a signer to note its failures: a service may return its public key and then fail to sign. */
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
    // Ignore an answer that arrives after the policy was deleted or edited.
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
