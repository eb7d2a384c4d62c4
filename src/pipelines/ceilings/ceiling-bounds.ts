// SPDX-License-Identifier: Apache-2.0
import type { PolicyCeilingObserved } from '../../api/v1alpha1/policy-ceiling/schema.ts';
import type { RetentionLimits } from '../../api/v1alpha1/signing-policy/retention.ts';
import { backendKey, type BackendKey } from '../backend-key.ts';
import type { CompiledBackend, PolicyDefinition } from '../definitions.ts';
import type { Subject } from '../../evidence/artifact.ts';
import type { NamespaceLabels } from '../namespace-reach.ts';
import { policyKey, type PolicyKey, type PolicyName } from '../policy-key.ts';
import { boundedBackend, boundedClusterBackend, boundedForSubjects, followsImages } from './bounded-backend.ts';
import { boundedPolicy } from './bounded-policy.ts';
import type { Bounds, CeilingDefinition } from './ceiling-definition.ts';
import { Ceilings } from './ceilings.ts';
import { ceilingRetention } from './policy-defaults.ts';
import { takesClusterBackend } from './policy-excess.ts';
import { type RecordBound, recordBounds } from './record-excess.ts';

export interface CeilingBoundsOptions {
  readonly operatorNamespace: string;
  /** The operator's default and limit of retention. */
  readonly retention: RetentionLimits;
  /** The policies and backends of a namespace as they are written. */
  readonly policiesOf: (namespace: string) => readonly PolicyDefinition[];
  readonly backendsOf: (namespace: string) => readonly CompiledBackend[];
  /** Undefined while they are not known. */
  readonly labelsOf: (namespace: string) => NamespaceLabels | undefined;
}

/** The objects of one namespace that its ceilings bound. */
interface NamespaceBounds {
  readonly bounds: Bounds;
  readonly policies: ReadonlyMap<PolicyKey, PolicyDefinition>;
  readonly backends: ReadonlyMap<BackendKey, CompiledBackend>;
}

/** Applies the ceilings to the policies and backends of a namespace, on demand, and keeps the result until one of its sources changes. */
export class CeilingBounds {
  readonly #options: CeilingBoundsOptions;
  readonly #ceilings: Ceilings;
  readonly #bounded = new Map<string, NamespaceBounds>();

  constructor(options: CeilingBoundsOptions) {
    this.#options = options;
    this.#ceilings = new Ceilings(options.operatorNamespace);
  }

  /** @returns true when anything changed */
  set(ceiling: CeilingDefinition): boolean {
    return this.#ceilings.set(ceiling);
  }

  remove(name: string): boolean {
    return this.#ceilings.remove(name);
  }

  /** Forgets the results of a namespace, or of all when it is empty. */
  forget(namespace: string): void {
    if (namespace === '') this.#bounded.clear();
    else this.#bounded.delete(namespace);
  }

  /** The names of all ceilings. */
  get names(): readonly string[] {
    return this.#ceilings.all.map(({ name }) => name);
  }

  /** True when a ceiling bounds a namespace, or may as long as its labels are not known. */
  mayBound(name: string, namespace: string): boolean {
    const { ceilings, isUncertain } = this.#boundsOf(namespace);
    return isUncertain || ceilings.some((ceiling) => ceiling.name === name);
  }

  /** True when the number of policies or backends of a namespace is bounded, so that each matters to the others. */
  countsIn(namespace: string): boolean {
    if (this.#ceilings.isEmpty) return false;
    return this.#boundsOf(namespace).ceilings.some(({ spec: { counts = {} } = {} }) => {
      return counts.policies !== undefined || counts.backends !== undefined;
    });
  }

  /** The bounds on the records of the SigningPolicies of a namespace. */
  recordBounds(namespace: string): readonly RecordBound[] {
    return this.#ceilings.isEmpty ? [] : recordBounds(this.#in(namespace).bounds.ceilings);
  }

  /** True while no ceiling is known. */
  get isEmpty(): boolean {
    return this.#ceilings.isEmpty;
  }

  policy(policy: PolicyDefinition): PolicyDefinition {
    if (policy.kind === 'ClusterSigningPolicy' || this.#ceilings.isEmpty) return policy;
    return this.#in(policy.namespace).policies.get(policyKey(policy)) ?? policy;
  }

  /** A backend as a policy may use it in a namespace. The platform's own kinds are not bounded for each other. */
  backend(backend: CompiledBackend, policy: Pick<PolicyName, 'kind'>, namespace: string | undefined): CompiledBackend {
    if (policy.kind === 'ClusterSigningPolicy' || namespace === undefined || this.#ceilings.isEmpty) return backend;
    const { bounds } = this.#in(namespace);
    return backend.kind === 'StorageBackend' ? this.ownBackend(backend) : boundedClusterBackend(backend, bounds);
  }

  /** A backend as it may take the evidence of a run, whose subjects are read only where they matter. */
  backendFor(backend: CompiledBackend, namespace: string, subjects: () => readonly Subject[]): CompiledBackend {
    if (this.#ceilings.isEmpty || !followsImages(backend)) return backend;
    const { bounds } = this.#in(namespace);
    const areHostsBound = bounds.ceilings.some(({ spec }) => spec?.backends?.hosts !== undefined);
    return areHostsBound ? boundedForSubjects(backend, bounds, subjects()) : backend;
  }

  /** A backend as the ceilings of its namespace have it. */
  ownBackend(backend: CompiledBackend): CompiledBackend {
    if (backend.kind === 'ClusterStorageBackend' || this.#ceilings.isEmpty) return backend;
    return this.#in(backend.namespace).backends.get(backendKey(backend)) ?? backend;
  }

  /** True when a policy may use a cluster backend that accepts it. */
  allowsClusterBackend({ kind }: Pick<PolicyName, 'kind'>, namespace: string, name: string): boolean {
    if (kind === 'ClusterSigningPolicy' || this.#ceilings.isEmpty) return true;
    return this.#in(namespace).bounds.ceilings.every((ceiling) => takesClusterBackend(ceiling, namespace, name));
  }

  /** The limit on the retention of a policy's records in a namespace, in seconds; 0: there is none. */
  maxRetentionSeconds(namespace: string, { kind }: Pick<PolicyName, 'kind'>): number {
    const { retention } = this.#options;
    if (kind === 'ClusterSigningPolicy' || this.#ceilings.isEmpty) return retention.maxSeconds;
    const specs = this.#in(namespace).bounds.ceilings.flatMap(({ spec }) => spec ?? []);
    return ceilingRetention(specs, retention).maxSeconds;
  }

  /** Counts the objects that a ceiling bounds in the namespaces, for its status. */
  observed(name: string, namespaces: readonly string[]): PolicyCeilingObserved {
    const bound = namespaces
      .map((namespace) => this.#in(namespace))
      .filter(({ bounds }) => bounds.ceilings.some((ceiling) => ceiling.name === name));
    const policies = bound.flatMap((namespace) => [...namespace.policies.values()]);
    const backends = bound.flatMap((namespace) => [...namespace.backends.values()]);
    const isExceeding = ({ exceeds }: PolicyDefinition | CompiledBackend): boolean =>
      exceeds?.ceilings.includes(name) === true;
    return {
      namespaces: bound.length,
      policies: policies.length,
      exceedingPolicies: policies.filter(isExceeding).length,
      backends: backends.length,
      exceedingBackends: backends.filter(isExceeding).length,
    };
  }

  #boundsOf(namespace: string): Bounds {
    return this.#ceilings.in(namespace, this.#options.labelsOf(namespace));
  }

  #in(namespace: string): NamespaceBounds {
    const known = this.#bounded.get(namespace);
    if (known !== undefined) return known;
    const bounds = this.#boundsOf(namespace);
    const { retention } = this.#options;
    const policies = byAge(this.#options.policiesOf(namespace)).map((policy, index): [PolicyKey, PolicyDefinition] => [
      policyKey(policy),
      boundedPolicy(policy, { bounds, retention, rank: index + 1 }),
    ]);
    const backends = byAge(this.#options.backendsOf(namespace)).map((backend, index): [BackendKey, CompiledBackend] => [
      backendKey(backend),
      boundedBackend(backend, bounds, index + 1),
    ]);
    const made = { bounds, policies: new Map(policies), backends: new Map(backends) };
    this.#bounded.set(namespace, made);
    return made;
  }
}

interface Aged {
  readonly name: string;
  readonly creationTimestamp?: string | undefined;
}

/** The oldest first; of the same second, by name. */
function byAge<Item extends Aged>(items: readonly Item[]): readonly Item[] {
  const age = ({ creationTimestamp = '', name }: Aged): string => `${creationTimestamp} ${name}`;
  return items.toSorted((a, b) => (age(a) < age(b) ? -1 : 1));
}
