// SPDX-License-Identifier: Apache-2.0
import type { BackendKind } from '../api/v1alpha1/kinds.ts';
import type { Problem } from '../api/v1alpha1/problem.ts';
import { type RetentionLimits, standardRetention } from '../api/v1alpha1/signing-policy/retention.ts';
import { CeilingBounds } from './ceilings/ceiling-bounds.ts';
import type { CeilingDefinition } from './ceilings/ceiling-definition.ts';
import { refusal } from './refusal.ts';
import type { CompiledBackend, PolicyDefinition } from './definitions.ts';
import { formMismatch } from './form-mismatch.ts';
import { type NamespaceLabels, reachesNamespace } from './namespace-reach.ts';
import type { MissingBackend, Pipeline } from './pipeline.ts';
import { NamespacedDefinitions } from './namespaced-definitions.ts';
import { RetiredBefore } from './retired-before.ts';
import { reachProblem } from './reach-problem.ts';
import { policyKey, type PolicyKey, type PolicyName } from './policy-key.ts';
import { backendKey, type BackendKey, type BackendName } from './backend-key.ts';

/** A backend as a record names it; without a UID when it was missing when the record was made. */
interface PromisedBackend {
  readonly kind: BackendKind;
  readonly name: string;
  readonly uid?: string;
}

/**
 * The pipelines of every namespace: the policies that select its runs, each with its backends. The event handlers keep policies,
 * backends and namespace labels current; the run and record controllers read the result. Compiled per namespace on demand, and kept until
 * one of its sources changes.
 */
export class Pipelines {
  readonly #operatorNamespace: string;
  readonly #policies = new NamespacedDefinitions<PolicyKey, PolicyDefinition>(({ namespace }) => namespace);
  readonly #backends = new NamespacedDefinitions<BackendKey, CompiledBackend>(({ kind, namespace }) =>
    kind === 'StorageBackend' ? namespace : '',
  );
  readonly #namespaces = new Map<string, NamespaceLabels>();
  readonly #retired = new RetiredBefore();
  readonly #compiled = new Map<string, readonly Pipeline[]>();
  /** The ceilings, and what they make of policies and backends. */
  readonly bounds: CeilingBounds;

  /** @param retention the operator's default and limit, which ceilings narrow */
  constructor(operatorNamespace: string, retention: RetentionLimits = standardRetention) {
    this.#operatorNamespace = operatorNamespace;
    this.bounds = new CeilingBounds({
      operatorNamespace,
      retention,
      policiesOf: (namespace) => this.#policies.in(namespace),
      backendsOf: (namespace) => this.#backends.in(namespace),
      labelsOf: (namespace) => this.#namespaces.get(namespace),
    });
  }

  /** Policies as they are written, in no particular order. */
  get policies(): readonly PolicyDefinition[] {
    return [...this.#policies.values()];
  }

  /** The policies of one namespace, as they are written. */
  policiesOf(namespace: string): readonly PolicyDefinition[] {
    return this.#policies.in(namespace);
  }

  /** The backends of one namespace, as they are written. */
  storageBackendsOf(namespace: string): readonly CompiledBackend[] {
    return this.#backends.in(namespace);
  }

  /** The namespaces with policies or backends of their own. */
  get tenants(): ReadonlySet<string> {
    return new Set(
      [...this.#policies.namespaces, ...this.#backends.namespaces].filter((namespace) => namespace !== ''),
    );
  }

  /** The names of the namespaces whose labels are known. */
  get namespaces(): readonly string[] {
    return [...this.#namespaces.keys()];
  }

  /** A policy as the ceilings of its namespace have it. */
  policy(key: PolicyName): PolicyDefinition | undefined {
    const policy = this.#policies.get(policyKey(key));
    return policy === undefined ? undefined : this.bounds.policy(policy);
  }

  /**
   * A policy as it applies to a namespace, invalid if it is invalid there; the policy itself when it does not reach the namespace any more;
   * undefined when it is gone.
   */
  policyIn(namespace: string, key: PolicyName): PolicyDefinition | undefined {
    return this.pipeline(namespace, key)?.policy ?? this.policy(key);
  }

  /**
   * The backend that a record of `policy` in `namespace` was promised. One of the UID that the reference has was in reach when it was
   * frozen; one that was missing then, or was made anew since, counts where the policy can reach it from there by now.
   */
  promisedBackend(policy: PolicyName, namespace: string, ref: PromisedBackend): CompiledBackend | undefined {
    const { kind, name } = ref;
    if (policy.kind === 'ClusterSigningPolicy' && kind === 'StorageBackend') return undefined;
    const backend = this.#backends.get(backendKey({ kind, namespace, name }));
    if (backend === undefined) return undefined;
    const bounded = this.bounds.backend(backend, policy, namespace);
    if (ref.uid === backend.uid || kind === 'StorageBackend') return bounded;
    return accepts(backend, policy) && this.#takesNamespace(backend, namespace) ? bounded : undefined;
  }

  /** @returns true when anything changed */
  setCeiling(ceiling: CeilingDefinition): boolean {
    const changed = this.bounds.set(ceiling);
    if (changed) this.#forget('');
    return changed;
  }

  removeCeiling(name: string): boolean {
    const removed = this.bounds.remove(name);
    if (removed) this.#forget('');
    return removed;
  }

  /** @returns true when anything changed but the time of its retirements; uid and generation count */
  setPolicy(policy: PolicyDefinition): boolean {
    const key = policyKey(policy);
    const changed = settingsOf(this.#policies.get(key)) !== settingsOf(policy);
    this.#policies.set(key, policy);
    if (changed) this.#forget(policy.namespace);
    if (policy.retiredBefore !== undefined) this.#retired.advance(key, policy.retiredBefore);
    this.#applyRetired(policy);
    return changed;
  }

  /**
   * Remembers that records of a policy have retired whose runs finished until a time. It outlives the policy, as long as the process does:
   * one of the same name that is made anew takes up none of these runs either.
   */
  retired(policy: PolicyName, completionTime: string): void {
    this.#retired.advance(policyKey(policy), completionTime);
    this.#applyRetired(policy);
  }

  removePolicy(key: PolicyName): boolean {
    const removed = this.#policies.delete(policyKey(key));
    if (removed) this.#forget(key.namespace);
    return removed;
  }

  /** @returns true when anything changed */
  setBackend(backend: CompiledBackend): boolean {
    const key = backendKey(backend);
    const changed = JSON.stringify(this.#backends.get(key)) !== JSON.stringify(backend);
    this.#backends.set(key, backend);
    if (changed) this.#forget(backend.kind === 'StorageBackend' ? backend.namespace : '');
    return changed;
  }

  removeBackend(backend: BackendName): boolean {
    const removed = this.#backends.delete(backendKey(backend));
    if (removed) this.#forget(backend.kind === 'StorageBackend' ? backend.namespace : '');
    return removed;
  }

  /** @returns true when the labels changed */
  setNamespace(namespace: NamespaceLabels): boolean {
    const changed = JSON.stringify(this.#namespaces.get(namespace.name)) !== JSON.stringify(namespace);
    this.#namespaces.set(namespace.name, namespace);
    if (changed) this.#forget(namespace.name);
    return changed;
  }

  removeNamespace(name: string): void {
    this.#namespaces.delete(name);
    this.#forget(name);
  }

  /** The pipelines that the runs of a namespace go through, policies in the order of their names. */
  forNamespace(namespace: string): readonly Pipeline[] {
    const compiled = this.#compiled.get(namespace) ?? this.#compile(namespace);
    this.#compiled.set(namespace, compiled);
    return compiled;
  }

  /** The pipeline of one policy in a namespace; undefined when the policy is gone or does not reach there. */
  pipeline(namespace: string, key: PolicyName): Pipeline | undefined {
    return this.forNamespace(namespace).find(({ policy }) => policyKey(policy) === policyKey(key));
  }

  /** The backends a policy would use where it applies, for its own conditions: those of one namespace, or cluster backends. */
  backendsOf(policy: PolicyDefinition): Pick<Pipeline, 'backends' | 'missing'> {
    return this.#backendsInReach(policy, policy.namespace === '' ? undefined : policy.namespace);
  }

  /** The reason why a policy is not obeyed, alone or with the backends in its reach: for its own conditions. */
  refusal(policy: PolicyDefinition): Problem | undefined {
    const invalid = policy.invalid ?? reachProblem(policy, this.backendsOf(policy));
    return refusal(invalid === undefined ? policy : { ...policy, invalid });
  }

  /** The artifacts of a policy that backends in its reach do not accept: for its own conditions. */
  untakenOf(policy: PolicyDefinition): readonly string[] {
    return this.backendsOf(policy).backends.flatMap((backend) => formMismatch(policy, backend) ?? []);
  }

  /** The artifacts that a backend does not accept from the policies that reach it: for the backend's own conditions. */
  untakenBy(backend: CompiledBackend): readonly { readonly policy: PolicyDefinition; readonly message: string }[] {
    const { kind, namespace } = backend;
    const policies = kind === 'StorageBackend' ? this.#policies.in(namespace) : [...this.#policies.values()];
    return policies.flatMap((policy) => {
      if (!this.#uses(policy, backend)) return [];
      const message = formMismatch(policy, backend);
      return message === undefined ? [] : [{ policy, message }];
    });
  }

  #applyRetired(key: PolicyName): void {
    const text = policyKey(key);
    const policy = this.#policies.get(text);
    const retiredBefore = this.#retired.time(text);
    if (policy === undefined || retiredBefore === undefined || policy.retiredBefore === retiredBefore) return;
    this.#policies.set(text, { ...policy, retiredBefore });
    this.#forget(policy.namespace);
  }

  #forget(namespace: string): void {
    this.bounds.forget(namespace);
    if (namespace === '') this.#compiled.clear();
    else this.#compiled.delete(namespace);
  }

  #compile(namespace: string): readonly Pipeline[] {
    return [...this.#policies.in(namespace), ...this.#policies.in('')]
      .filter((policy) => this.#applies(policy, namespace))
      .sort((a, b) => (policyKey(a) < policyKey(b) ? -1 : 1))
      .map((written) => {
        const policy = this.bounds.policy(written);
        const reach = this.#backendsInReach(policy, namespace);
        const invalid = policy.invalid ?? reachProblem(policy, reach);
        return { policy: invalid === undefined ? policy : { ...policy, invalid }, ...reach };
      });
  }

  #applies(policy: PolicyDefinition, namespace: string): boolean {
    if (policy.kind === 'SigningPolicy') return policy.namespace === namespace;
    return reachesNamespace(policy.namespaceSelector, this.#labelsOf(namespace), this.#operatorNamespace);
  }

  /**
   * A team's policy reaches its own namespace's backends and the cluster backends that accept teams, a cluster policy the cluster
   * backends, of which each must take the namespace.
   */
  #backendsInReach(policy: PolicyDefinition, namespace: string | undefined): Pick<Pipeline, 'backends' | 'missing'> {
    const ofTeam = policy.kind === 'SigningPolicy' ? this.#backends.in(policy.namespace) : [];
    const inReach = [...ofTeam, ...this.#backends.in('')]
      .filter((backend) => this.#inReach(policy, backend, namespace))
      .map((backend) => this.bounds.backend(backend, policy, namespace))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    const refs = policy.spec.backendRefs;
    if (refs.length === 0) return { backends: inReach, missing: [] };
    const isNamed = (backend: CompiledBackend): boolean =>
      refs.some(({ kind, name }) => kind === backend.kind && name === backend.name);
    const missing: MissingBackend[] = refs.filter(
      ({ kind, name }) => !inReach.some((backend) => backend.kind === kind && backend.name === name),
    );
    return { backends: inReach.filter(isNamed), missing };
  }

  /** True when the policy stores in the backend somewhere: the same as `backendsOf`, without a walk through the other backends. */
  #uses(policy: PolicyDefinition, backend: CompiledBackend): boolean {
    const refs = policy.spec.backendRefs;
    const isNamed = refs.length === 0 || refs.some(({ kind, name }) => kind === backend.kind && name === backend.name);
    return isNamed && this.#inReach(policy, backend, policy.namespace === '' ? undefined : policy.namespace);
  }

  #inReach(policy: PolicyDefinition, backend: CompiledBackend, namespace: string | undefined): boolean {
    if (backend.kind === 'StorageBackend')
      return policy.kind === 'SigningPolicy' && backend.namespace === policy.namespace;
    if (namespace === undefined) return accepts(backend, policy);
    const isTaken = accepts(backend, policy) && this.#takesNamespace(backend, namespace);
    return isTaken && this.bounds.allowsClusterBackend(policy, namespace, backend.name);
  }

  #takesNamespace(backend: CompiledBackend, namespace: string): boolean {
    return reachesNamespace(backend.namespaceSelector, this.#labelsOf(namespace), this.#operatorNamespace);
  }

  #labelsOf(namespace: string): NamespaceLabels {
    return this.#namespaces.get(namespace) ?? { name: namespace, labels: {} };
  }
}

/** Identifies the settings of a policy, which are all but the time of its retirements. */
function settingsOf(policy: PolicyDefinition | undefined): string | undefined {
  return policy === undefined ? undefined : JSON.stringify({ ...policy, retiredBefore: undefined });
}

/** True when a cluster backend accepts the evidence of a policy of this kind. */
function accepts({ spec }: CompiledBackend, { kind }: PolicyName): boolean {
  return kind === 'ClusterSigningPolicy' || spec.acceptFrom.includes(kind);
}
