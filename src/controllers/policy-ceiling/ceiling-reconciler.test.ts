// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { kstatus } from '../../api/v1alpha1/kstatus.fixture.ts';
import { field } from '../../json/fields.ts';
import { hallmarkResource } from '../../kube/hallmark-resource.ts';
import { TurnLine } from '../../runtime/turn-line.ts';
import { ModelApi } from '../../kube/model-api.fixture.ts';
import { readCeiling } from '../../pipelines/ceilings/read-ceiling.ts';
import { Pipelines } from '../../pipelines/pipelines.ts';
import { policyDefinition } from '../../pipelines/policy-definition.fixture.ts';
import { ManualClock } from '../../runtime/manual-clock.fixture.ts';
import { DONE, type Outcome } from '../../runtime/queue/outcome.ts';
import { ObjectStore } from '../memory/object-store.ts';
import { storedConditions } from '../write-status.ts';
import { CeilingReconciler } from './ceiling-reconciler.ts';

const { signal } = new AbortController();
const resource = hallmarkResource('PolicyCeiling');
const TEAMS = { name: 'teams' };
const KMS_ONLY = { signers: { types: ['KMS'] } };
const WRITE = 'update policyceilings.hallmark.dev/status';

/** One ceiling with its real reconciler, on the model API server. Watch events are delivered by hand. */
class Bed {
  readonly clock = new ManualClock();
  readonly api = new ModelApi(this.clock);
  readonly pipelines = new Pipelines('ops');
  readonly objects = new ObjectStore<string>();
  isOwner = true;
  readonly #reconciler: CeilingReconciler;

  constructor() {
    const { api, clock, pipelines, objects } = this;
    const shards = { owns: (): boolean => this.isOwner };
    const context = {
      client: api.client,
      clock,
      pipelines,
      shards,
      statusLine: new TurnLine(),
      fence: () => undefined,
    };
    this.#reconciler = new CeilingReconciler({ context, objects });
  }

  async make(spec: object): Promise<void> {
    const object = { metadata: TEAMS, spec };
    await this.api.client.create(resource, object, { signal });
    await this.deliver();
  }

  async edit(spec: object, generation: number): Promise<void> {
    const metadata = { ...TEAMS, generation };
    const object = { metadata, spec };
    await this.api.client.replace(resource, object, { signal });
    await this.deliver();
  }

  async remove(): Promise<void> {
    await this.api.client.delete(resource, TEAMS, { signal });
  }

  /** Delivers the ceiling as it is now. */
  async deliver(): Promise<void> {
    const object = await this.api.client.find(resource, TEAMS, { signal });
    const ceiling = readCeiling(object);
    assert.ok(ceiling !== undefined);
    this.objects.set('teams', object);
    this.pipelines.setCeiling(ceiling);
  }

  /** Delivers that it is gone. */
  deliverRemoval(): void {
    this.objects.remove('teams');
    this.pipelines.removeCeiling('teams');
  }

  async reconcile(): Promise<Outcome> {
    return this.#reconciler.reconcile('teams', signal);
  }

  get status(): unknown {
    return field(this.api.objects('policyceilings')[0], 'status');
  }

  /** The status, reason and message of Ready. */
  get ready(): readonly string[] {
    const ready = storedConditions({ status: this.status }).find(({ type }) => type === 'Ready');
    return ready === undefined ? [] : [ready.status, ready.reason, ready.message];
  }

  get kstatus(): string {
    return kstatus({ metadata: {}, status: { conditions: storedConditions({ status: this.status }) } });
  }

  get writes(): number {
    return this.api.count(WRITE);
  }
}

describe('a PolicyCeiling', () => {
  let bed: Bed;
  beforeEach(() => {
    bed = new Bed();
    for (const name of ['team-a', 'team-b']) {
      bed.pipelines.setNamespace({ name, labels: {} });
      bed.pipelines.setPolicy(policyDefinition(name, 'builds'));
    }
  });

  it('is ready as soon as it is read, and counts what it bounds', async () => {
    await bed.make(KMS_ONLY);
    assert.deepEqual(await bed.reconcile(), DONE);
    assert.deepEqual(bed.ready, ['True', 'Ready', 'in force']);
    assert.equal(bed.kstatus, 'Current');
    assert.equal(field(bed.status, 'observedGeneration'), 1);
    const counts = { namespaces: 2, policies: 2, exceedingPolicies: 2, backends: 0, exceedingBackends: 0 };
    assert.deepEqual(field(bed.status, 'observed'), counts);
  });

  it('counts anew once what it bounds changed, and the time of its conditions stays', async () => {
    await bed.make(KMS_ONLY);
    await bed.reconcile();
    const before = field(bed.status, 'conditions');
    await bed.clock.advance(1000);
    bed.pipelines.setPolicy(
      policyDefinition('team-a', 'builds', {
        signer: { type: 'KMS', kms: { uri: 'awskms:///alias/a', secretRef: { name: 'aws' } } },
      }),
    );
    bed.pipelines.removeNamespace('team-b');
    await bed.deliver();
    await bed.reconcile();
    const counts = { namespaces: 1, policies: 1, exceedingPolicies: 0, backends: 0, exceedingBackends: 0 };
    assert.deepEqual(field(bed.status, 'observed'), counts);
    assert.deepEqual(field(bed.status, 'conditions'), before);
  });

  it('writes nothing where its status says so already', async () => {
    await bed.make({});
    await bed.reconcile();
    await bed.deliver();
    await bed.reconcile();
    assert.equal(bed.writes, 1);
  });

  it('is stalled while it cannot be read, and counts all of its policies as beyond it', async () => {
    await bed.make({ signers: { curves: ['P-384'] } });
    await bed.reconcile();
    const [status, reason, message = ''] = bed.ready;
    assert.deepEqual([status, reason], ['False', 'PolicyInvalid']);
    assert.match(message, /nothing is allowed in its namespaces until it is fixed: spec\.signers\.curves: no such/);
    assert.equal(bed.kstatus, 'Failed');
    assert.equal(field(field(bed.status, 'observed'), 'exceedingPolicies'), 2);
  });

  it('is ready again once it is mended', async () => {
    await bed.make({ signers: { curves: ['P-384'] } });
    await bed.reconcile();
    await bed.edit({ signers: { types: ['Key'] } }, 2);
    await bed.reconcile();
    assert.deepEqual(bed.ready, ['True', 'Ready', 'in force']);
    assert.equal(field(bed.status, 'observedGeneration'), 2);
    assert.equal(field(field(bed.status, 'observed'), 'exceedingPolicies'), 0);
  });

  it('that is deleted while it reconciles is looked at once more, and then forgotten', async () => {
    await bed.make(KMS_ONLY);
    await bed.remove();
    assert.deepEqual(await bed.reconcile(), { requeueAfterSeconds: 1 });
    bed.deliverRemoval();
    assert.deepEqual(await bed.reconcile(), DONE);
    assert.equal(bed.writes, 1);
  });

  it('that is made anew while it reconciles does not get the status of the one before', async () => {
    await bed.make(KMS_ONLY);
    await bed.remove();
    const another = { metadata: TEAMS, spec: {} };
    await bed.api.client.create(resource, another, { signal });
    assert.deepEqual(await bed.reconcile(), { requeueAfterSeconds: 1 });
    assert.equal(bed.status, undefined);
    await bed.deliver();
    assert.deepEqual(await bed.reconcile(), DONE);
    assert.equal(field(field(bed.status, 'observed'), 'exceedingPolicies'), 0);
  });

  it('is reported by one replica alone', async () => {
    await bed.make(KMS_ONLY);
    bed.isOwner = false;
    assert.deepEqual(await bed.reconcile(), DONE);
    assert.equal(bed.writes, 0);
  });
});
