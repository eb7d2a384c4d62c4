// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { parseOperatorConfiguration } from '../../config/operator-configuration.ts';
import { field } from '../../json/fields.ts';
import { NAMESPACES } from '../../kube/core-resources.ts';
import { hallmarkResource } from '../../kube/hallmark-resource.ts';
import { KubeError } from '../../kube/kube-error.ts';
import { ReconcilerWorld, type WorldOptions } from '../fixtures/reconciler-world.fixture.ts';
import { startingHost } from '../fixtures/starting-host.fixture.ts';
import { storedConditions } from '../write-status.ts';
import { Controllers } from './controllers.ts';

const { signal } = new AbortController();
const secretRef = { name: 'k' };
const keySigner = { type: 'Key', key: { secretRef } };
const kmsSigner = { type: 'KMS', kms: { uri: 'awskms:///alias/a', secretRef } };
const oci = { type: 'OCI', oci: { encoding: 'CosignTags', repository: 'registry.example/team-a/evidence' } };

/** A namespace with a policy and a backend within its ceiling, a policy and a backend beyond it, and a run that finished. */
class StartWorld extends ReconcilerWorld {
  readonly signers = new Set<string>();
  readonly probes = new Set<string>();
  isStarted = false;

  constructor(options: WorldOptions = {}) {
    super(options);
    this.waits.sign = (policy) => Promise.resolve(void this.signers.add(policy));
    this.waits.probe = (backend) => Promise.resolve(void this.probes.add(backend));
  }

  /** @param more fields of the policy within the ceiling */
  async make(more: object = {}): Promise<void> {
    const { client } = this.api;
    await client.create(NAMESPACES, { metadata: { name: 'team-a' } }, { signal });
    const ceiling = {
      metadata: { name: 'teams' },
      spec: { signers: { types: ['Key'] }, backends: { types: ['Tekton'] } },
    };
    await client.create(hallmarkResource('PolicyCeiling'), ceiling, { signal });
    for (const [kind, name, spec] of [
      ['SigningPolicy', 'within', { signer: keySigner, ...more }],
      ['SigningPolicy', 'beyond', { signer: kmsSigner }],
      ['StorageBackend', 'within', { type: 'Tekton' }],
      ['StorageBackend', 'beyond', oci],
    ] as const) {
      const metadata = { namespace: 'team-a', name, creationTimestamp: '2026-01-01T00:00:00Z' };
      const object = { metadata, spec };
      await client.create(hallmarkResource(kind), object, { signal });
    }
    await this.addRun('bake', '2026-01-02T03:00:00Z');
  }

  /** Keeps the answers to lists of a resource back. @returns lets them through */
  withhold(resource: string): () => void {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.api.intercept = (request, serve) =>
      request.verb === 'list' && request.resource === resource ? promise.then(serve) : serve();
    return () => {
      resolve(undefined);
    };
  }

  /** Starts the controllers as the operator does, with every shard its own. */
  start(): void {
    const { api, clock, context } = this;
    const file = { apiVersion: 'config.hallmark.dev/v1alpha1', kind: 'OperatorConfiguration' };
    const text = JSON.stringify({ ...file, operatorNamespace: 'hallmark-system' });
    const controllers = new Controllers({
      ...{ context, clock, client: api.client, configuration: parseOperatorConfiguration(text, 'the test', {}) },
      host: startingHost(),
      onResult: (result) => this.results.push(result),
      onController: () => undefined,
      watchObserver: { failed: ({ name, key, error }) => assert.fail(`${name} ${key}: ${String(error)}`) },
      queueObserver: () => ({}),
    });
    void controllers.start().then(() => {
      this.isStarted = true;
    });
  }

  /** Lets the operator patch runs, or refuses that. */
  letPatch(isAllowed: boolean): void {
    this.api.intercept = ({ verb, resource }, serve) => {
      if (resource.startsWith('selfsubjectaccessreviews')) return { status: { allowed: isAllowed } };
      if (!isAllowed && verb === 'patch' && resource.startsWith('taskruns'))
        throw new KubeError({ status: 403, reason: 'Forbidden', message: 'no' });
      return serve();
    };
  }

  /** The reason of a condition of the record of the policy within the ceiling. */
  reasonOfRecord(type: string): string | undefined {
    const ofPolicy = (record: unknown): unknown => field(field(field(record, 'spec'), 'policyRef'), 'name');
    const record = this.records.find((each) => ofPolicy(each) === 'within');
    return storedConditions(record).find((condition) => condition.type === type)?.reason;
  }

  /** The reason of Ready of the policy or backend that is beyond the ceiling. */
  reasonBeyond(plural: string): string | undefined {
    const beyond = this.api.objects(plural).find((object) => field(field(object, 'metadata'), 'name') === 'beyond');
    return storedConditions(beyond).find(({ type }) => type === 'Ready')?.reason;
  }
}

describe('the operator, as it starts', () => {
  let world: StartWorld;
  beforeEach(async () => {
    world = new StartWorld();
    await world.make();
  });

  for (const resource of ['policyceilings.hallmark.dev', 'namespaces']) {
    it(`asks no signer and no backend, and records nothing, before it has the list of ${resource}`, async () => {
      const release = world.withhold(resource);
      world.start();
      await world.clock.advance(10_000);
      assert.ok(world.api.requests.includes(`list ${resource}`));
      assert.deepEqual([[...world.signers], [...world.probes], world.records], [[], [], []]);
      assert.equal(world.isStarted, false);
      release();
      await world.clock.advance(10_000);
      assert.equal(world.isStarted, true);
      assert.deepEqual([...world.signers], ['SigningPolicy team-a/within']);
      assert.deepEqual([...world.probes], ['StorageBackend team-a/within']);
      assert.equal(world.signatures, 1);
      for (const plural of ['signingpolicies', 'storagebackends'])
        assert.equal(world.reasonBeyond(plural), 'CeilingExceeded', plural);
    });
  }
});

describe('a run that was stored while the operator might not patch runs', () => {
  let world: StartWorld;
  beforeEach(async () => {
    world = new StartWorld();
    const backendRefs = [{ kind: 'StorageBackend', name: 'within' }];
    await world.make({ compatibility: { chainsAnnotations: true }, backendRefs });
    world.letPatch(false);
    world.start();
    await world.clock.advance(10_000);
    assert.equal(world.reasonOfRecord('RunAnnotated'), 'AnnotationForbidden');
  });

  it('is annotated once the operator may', async () => {
    await world.clock.advance(600_000);
    assert.equal(world.reasonOfRecord('RunAnnotated'), 'AnnotationForbidden');
    world.letPatch(true);
    await world.clock.advance(60_000);
    assert.deepEqual([world.reasonOfRecord('RunAnnotated'), world.reasonOfRecord('Ready')], ['Stored', 'Stored']);
    assert.deepEqual([world.stored, world.signatures], [1, 1]);
  });

  it('is annotated by an operator that may as it starts, although it looks at policies before it knows the records', async () => {
    const { api, clock } = world;
    const next = new StartWorld({ api, clock });
    const release = next.withhold('provenancerecords.hallmark.dev');
    next.start();
    await clock.advance(10_000);
    release();
    await clock.settle();
    assert.equal(next.reasonOfRecord('RunAnnotated'), 'Stored');
    assert.deepEqual([next.stored, next.signatures], [0, 0]);
  });
});
