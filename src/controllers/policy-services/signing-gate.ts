// SPDX-License-Identifier: Apache-2.0
import { canonicalJson } from '../../json/canonical-json.ts';
import { type PolicyDefinition } from '../../pipelines/definitions.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { RunSigner } from '../../signing/run-signer.ts';
import { SigningError } from '../../signing/signing-error.ts';
import type { PolicyWitnesses, WitnessProblem } from './policy-witnesses.ts';
import type { Problem } from '../../api/v1alpha1/problem.ts';
import type { PolicySigners } from './policy-signers.ts';
import { refusal } from '../../pipelines/refusal.ts';
import { signingProblem } from '../../pipelines/selection/signing-problem.ts';
import { type PolicyKey, policyKey } from '../../pipelines/policy-key.ts';

/** The lifetime of the last check of a policy's witnesses. */
const WELL_MS = 60_000;
const PROBLEM_MS = 15_000;

interface Look {
  readonly uid: string;
  readonly generation: number;
  readonly problem: WitnessProblem | undefined;
  readonly untilMs: number;
}

export interface SigningGateOptions {
  readonly keys: Pick<PolicySigners, 'signer'>;
  readonly witnesses: Pick<PolicyWitnesses, 'problem'>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

/** Decides whether a policy signs, in line with its conditions. */
export class SigningGate {
  readonly #options: SigningGateOptions;
  readonly #looks = new Map<PolicyKey, Look>();
  /** The last problem of each policy's witnesses, in the words that records repeat. */
  readonly #answers = new Map<PolicyKey, string>();
  #onChange: (policy: PolicyDefinition, isWorking: boolean) => void = () => undefined;

  constructor(options: SigningGateOptions) {
    this.#options = options;
  }

  /** Calls the listener when the problem of a policy's witnesses changes. */
  onChange(listener: (policy: PolicyDefinition, isWorking: boolean) => void): void {
    this.#onChange = listener;
  }

  /** The signer for one run of a policy, or why it signs nothing. @throws failures that may pass, such as those of an API server that is away */
  async signer(policy: PolicyDefinition, signal: AbortSignal): Promise<RunSigner | Problem> {
    const written = signingProblem({ refused: refusal(policy), isSuspended: policy.spec.suspend });
    if (written !== undefined) return written;
    const witnessProblem = await this.#lately(policy, signal);
    // Each certificate is public for ever: don't request one that would sign nothing.
    if (witnessProblem !== undefined && policy.spec.signer.type === 'Keyless') return witnessProblem;
    try {
      const signer = await this.#options.keys.signer(policy, signal);
      return signingProblem({ witnessProblem }) ?? signer;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof SigningError)) throw error;
      const { reason, message } = error;
      return signingProblem({ keyProblem: { reason, message } }) ?? { reason, message };
    }
  }

  /** Checks now the witnesses and the trusted root of a policy; undefined when there is no problem. */
  async witnessProblem(policy: PolicyDefinition, signal: AbortSignal): Promise<WitnessProblem | undefined> {
    return this.#look(policy, signal);
  }

  /** Forgets a policy that was deleted. */
  forget(key: PolicyKey): void {
    this.#looks.delete(key);
    this.#answers.delete(key);
  }

  async #lately(policy: PolicyDefinition, signal: AbortSignal): Promise<WitnessProblem | undefined> {
    const look = this.#looks.get(policyKey(policy));
    const isOfThis = look?.uid === policy.uid && look.generation === policy.generation;
    const isYoung = isOfThis && this.#options.clock.monotonicMs() < look.untilMs;
    return isYoung ? look.problem : this.#look(policy, signal);
  }

  async #look(policy: PolicyDefinition, signal: AbortSignal): Promise<WitnessProblem | undefined> {
    const problem = await this.#options.witnesses.problem(policy, signal);
    const key = policyKey(policy);
    const { uid, generation } = policy;
    const untilMs = this.#options.clock.monotonicMs() + (problem === undefined ? WELL_MS : PROBLEM_MS);
    this.#looks.set(key, { uid, generation, problem, untilMs });
    const answer = problem === undefined ? '' : canonicalJson(problem);
    const before = this.#answers.get(key);
    this.#answers.set(key, answer);
    if (before !== undefined && before !== answer) this.#onChange(policy, problem === undefined);
    return problem;
  }
}
