// SPDX-License-Identifier: Apache-2.0
import type { EffectiveSigningPolicySpec, Transparency } from '../../api/v1alpha1/signing-policy/defaults.ts';
import type { Access } from '../../credentials/access.ts';
import type { TlsOptions } from '../../net/tls-options.ts';
import { type PolicyDefinition } from '../../pipelines/definitions.ts';
import { abortable } from '../../runtime/abortable.ts';
import { Deadline } from '../../runtime/deadline.ts';
import { forbiddenLog } from '../../transparency/permitted-log.ts';
import { TransparencyError } from '../../transparency/transparency-error.ts';
import { readEntry } from '../../trust/read-entry.ts';
import { TrustError } from '../../trust/trust-error.ts';
import type { TrustedRoots } from '../../trust/trusted-roots.ts';
import type { Problem } from '../../api/v1alpha1/problem.ts';
import { describePolicy } from '../../pipelines/policy-key.ts';
import type { LogEntry, SignedArtifact, Timestamp } from '../../evidence/artifact.ts';

type CaBundleRef = NonNullable<EffectiveSigningPolicySpec['transparency']['rekor']>['caBundleRef'];
type UnavailableReason = 'TransparencyLogUnavailable' | 'TimestampAuthorityUnavailable';
type TrustedRoot = Awaited<ReturnType<TrustedRoots['root']>>;

const LOOK_MS = 10_000;

/** The witnesses of one policy. Every failure is a TransparencyError; an abort rejects with the signal's reason. */
export interface Witnesses {
  readonly transparency: Transparency;
  /** One timestamp of each authority of the policy, verified. */
  timestamps(artifact: SignedArtifact, signal: AbortSignal): Promise<readonly Timestamp[]>;
  /** The entry of the policy's log, verified. */
  logEntry(artifact: SignedArtifact, signal: AbortSignal): Promise<LogEntry>;
}

/** The reason why a policy's witnesses do not count. */
export interface WitnessProblem extends Problem {
  /** An object that the policy names is missing: an apply may still create it. */
  readonly isMissing?: boolean;
}

export interface PolicyWitnessesOptions {
  readonly access: Access;
  readonly roots: TrustedRoots;
  /** Logs that the operator's configuration lets policies use. */
  readonly logs: readonly string[];
  /** The time that a check waits for the trusted root of a policy, in milliseconds. Default 10 s. */
  readonly lookMs?: number;
}

/** Makes the witnesses of policies, whose references are read at use. */
export class PolicyWitnesses {
  readonly #options: PolicyWitnessesOptions;

  constructor(options: PolicyWitnessesOptions) {
    this.#options = options;
  }

  of(policy: PolicyDefinition): Witnesses {
    const { transparency } = policy.spec;
    const { rekor, timestampAuthorities } = transparency;
    const { access, logs } = this.#options;
    return {
      transparency,
      timestamps: async (artifact, signal) => {
        const root = await this.root(policy, signal, 'TimestampAuthorityUnavailable');
        // Loaded where a policy has witnesses: many clusters have none.
        const { timestampWitness } = await import('../../transparency/timestamp-witness.ts');
        return Promise.all(
          timestampAuthorities.map(async ({ url, caBundleRef }) => {
            const tls = await this.#tls(
              policy,
              { ref: caBundleRef, unavailable: 'TimestampAuthorityUnavailable' },
              signal,
            );
            return timestampWitness({ url, ...tls }, access).testify(artifact, root, signal);
          }),
        );
      },
      logEntry: async (artifact, signal) => {
        if (rekor === undefined) throw new TypeError(`${describePolicy(policy)} has no log`);
        const root = await this.root(policy, signal);
        const ca = { ref: rekor.caBundleRef, unavailable: 'TransparencyLogUnavailable' } as const;
        const tls = await this.#tls(policy, ca, signal);
        const { url, apiVersion } = rekor;
        const { logWitness } = await import('../../transparency/log-witness.ts');
        return logWitness({ url, apiVersion, logs, ...tls }, access).testify(artifact, root, signal);
      },
    };
  }

  /**
   * The reason why the policy's witnesses do not count, before any run needs them; undefined when there is none. A policy
   * that signs with a key and asks for no witness has no use for a trusted root.
   */
  async problem(policy: PolicyDefinition, signal: AbortSignal): Promise<WitnessProblem | undefined> {
    if (!usesTrustedRoot(policy)) return undefined;
    const { rekor } = policy.spec.transparency;
    const forbidden = rekor === undefined ? undefined : forbiddenLog(rekor.url, this.#options.logs);
    if (forbidden !== undefined) return { reason: 'EndpointForbidden', message: forbidden };
    const unavailable = rekor === undefined ? 'TimestampAuthorityUnavailable' : 'TransparencyLogUnavailable';
    const { lookMs = LOOK_MS } = this.#options;
    const look = new Deadline(lookMs, signal);
    try {
      // A mirror that hangs must not delay the checks of other policies; the fetch from it goes on.
      await abortable(this.root(policy, signal, unavailable), look.signal);
      return undefined;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof TransparencyError) return tolerated(policy, witnessProblem(error));
      if (!look.isOver) throw error;
      const message = `the trusted root of ${describePolicy(policy)} did not come within ${lookMs} ms; it is asked for again`;
      return tolerated(policy, { reason: unavailable, message });
    } finally {
      look.end();
    }
  }

  /** The policy's trusted root; undefined when it names none. @throws TransparencyError when it cannot be had */
  async root(
    policy: PolicyDefinition,
    signal: AbortSignal,
    unavailable: UnavailableReason = 'TransparencyLogUnavailable',
  ): Promise<TrustedRoot | undefined> {
    const { trustedRoot: spec } = policy.spec;
    if (spec === undefined) return undefined;
    const definition = { spec, homeNamespace: policy.homeNamespace, description: describePolicy(policy) };
    return this.#options.roots.root(definition, signal).catch(translate(unavailable));
  }

  async #tls(
    policy: PolicyDefinition,
    { ref, unavailable }: { readonly ref: CaBundleRef; readonly unavailable: UnavailableReason },
    signal: AbortSignal,
  ): Promise<{ readonly tls?: TlsOptions }> {
    if (ref === undefined) return {};
    const { name, key = 'ca.crt' } = ref;
    const entry = { namespace: policy.homeNamespace, name, key, description: describePolicy(policy) };
    const ca = await readEntry(this.#options.access.objects, entry, signal).catch(translate(unavailable));
    return { tls: { ca } };
  }
}

/** True when anything that the policy's evidence carries is judged by a trusted root. */
function usesTrustedRoot({ spec: { signer, transparency } }: PolicyDefinition): boolean {
  const { rekor, timestampAuthorities } = transparency;
  return signer.type === 'Keyless' || rekor !== undefined || timestampAuthorities.length > 0;
}

/** A log that is away does not stop a policy that stores without it. */
function tolerated({ spec: { transparency } }: PolicyDefinition, problem: WitnessProblem): WitnessProblem | undefined {
  const { rekor, timestampAuthorities } = transparency;
  const isOptional = rekor?.onFailure === 'StoreWithout' && timestampAuthorities.length === 0;
  return isOptional && problem.reason === 'TransparencyLogUnavailable' ? undefined : problem;
}

function witnessProblem({ reason, message, cause }: TransparencyError): WitnessProblem {
  const isMissing = cause instanceof TrustError && cause.reason === 'NotFound';
  return { reason, message, ...(isMissing ? { isMissing } : {}) };
}

/** Translates a failure to read a trusted root or CA bundle into one of the witness. Only an unavailable source is retried. */
function translate(unavailable: UnavailableReason) {
  return (error: unknown): never => {
    if (!(error instanceof TrustError)) throw error;
    const reasons = {
      NotFound: 'VerificationFailed',
      Invalid: 'VerificationFailed',
      Unavailable: unavailable,
      EndpointForbidden: 'EndpointForbidden',
    } as const;
    throw new TransparencyError(reasons[error.reason], error.message, { cause: error });
  };
}
