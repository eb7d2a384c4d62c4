// SPDX-License-Identifier: Apache-2.0
import { setConditions } from '../../api/v1alpha1/condition.ts';
import { shownDefaults } from '../../api/v1alpha1/signing-policy/defaults.ts';
import { policyKeyText, type PolicyDefinition } from '../../pipelines/definitions.ts';
import { readPolicy } from '../../pipelines/read-policy.ts';
import type { Outcome } from '../../runtime/outcome.ts';
import type { ControllerContext } from '../controller-context.ts';
import { hallmarkResource } from '../hallmark-resource.ts';
import type { ObjectStore } from '../object-store.ts';
import { signerOrProblem } from '../provenance-record/gather-record.ts';
import { isProblem } from '../provenance-record/record-snapshot.ts';
import type { BackendHealthBook } from '../storage-backend/backend-health-book.ts';
import { storedConditions, writeStatus } from '../write-status.ts';
import { type PolicyFacts, policyConditions } from './policy-conditions.ts';

/** A key that works is looked at again after so long, one that does not, sooner: a mended Secret takes effect within a minute. */
const READY_SECONDS = 300;
const NOT_READY_SECONDS = 15;

export interface PolicyReconcilerOptions {
  readonly context: ControllerContext;
  readonly objects: ObjectStore;
  readonly operatorNamespace: string;
  readonly health: BackendHealthBook;
  /** The policy's key began to work, or became another one: what waits for it may go on. */
  readonly onKeyChange: (policy: PolicyDefinition) => void;
}

/** Looks at one policy's key and backends and says in its status how they are. */
export class PolicyReconciler {
  readonly #options: PolicyReconcilerOptions;
  readonly #keyIDs = new Map<string, string>();

  constructor(options: PolicyReconcilerOptions) {
    this.#options = options;
  }

  async reconcile(key: string, signal: AbortSignal): Promise<Outcome> {
    const { context, objects, operatorNamespace } = this.#options;
    const object = objects.get(key);
    const policy = object === undefined ? undefined : readPolicy(object, operatorNamespace);
    if (policy === undefined) {
      this.#keyIDs.delete(key);
      context.keys.forget(key);
      return {};
    }
    const signer = policy.invalid === undefined ? await signerOrProblem(context, policy, signal) : undefined;
    const hasKey = signer !== undefined && !isProblem(signer);
    const facts: PolicyFacts = {
      generation: policy.generation,
      invalid: policy.invalid,
      keyProblem: signer !== undefined && isProblem(signer) ? signer : undefined,
      keyID: hasKey ? signer.keyID : undefined,
      ...this.#backends(policy),
      mode: policy.spec.mode,
      isSuspended: policy.spec.suspend,
    };
    const conditions = setConditions(storedConditions(object), policyConditions(facts), context.clock.now());
    const status = {
      observedGeneration: policy.generation,
      conditions,
      effective: shownDefaults(policy.spec),
      ...(hasKey ? { publicKey: signer.publicKey, keyID: signer.keyID } : {}),
    };
    await writeStatus(context, hallmarkResource(policy.kind), { object, status }, signal);
    this.#tellKey(policy, hasKey ? signer.keyID : undefined);
    return { requeueAfterSeconds: hasKey ? READY_SECONDS : NOT_READY_SECONDS };
  }

  #backends(policy: PolicyDefinition): Pick<PolicyFacts, 'backends' | 'missing'> {
    const { backends, missing } = this.#options.context.pipelines.backendsOf(policy);
    return {
      backends: backends.map((backend) => ({
        kind: backend.kind,
        name: backend.name,
        problem: this.#options.health.problem(backend),
      })),
      missing,
    };
  }

  #tellKey(policy: PolicyDefinition, keyID: string | undefined): void {
    const key = policyKeyText(policy);
    const before = this.#keyIDs.get(key);
    if (keyID === undefined) this.#keyIDs.delete(key);
    else this.#keyIDs.set(key, keyID);
    if (keyID !== undefined && keyID !== before) this.#options.onKeyChange(policy);
  }
}
