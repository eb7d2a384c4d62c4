// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { standardRetention } from '../../api/v1alpha1/signing-policy/retention.ts';
import type { PolicyKey } from '../../pipelines/policy-key.ts';
import { Pipelines } from '../../pipelines/pipelines.ts';
import { refusalOf } from '../../pipelines/refused-definition.ts';
import { ManualClock } from '../../runtime/manual-clock.fixture.ts';
import { exponentialBackoff } from '../../runtime/queue/backoff.ts';
import { KeyedQueue } from '../../runtime/queue/keyed-queue.ts';
import { DefinitionShares } from '../memory/definition-shares.ts';
import { ObjectStore } from '../memory/object-store.ts';
import { policyEventHandler } from './policy-event-handler.ts';

const TIME = '2026-01-01T00:00:00Z';

function policyObject(name: string, { namespace = 'team-a', spec = {} } = {}): object {
  const metadata = { name, namespace, uid: `u-${name}`, resourceVersion: '1', generation: 1, creationTimestamp: TIME };
  const signer = { type: 'Key', key: { secretRef: { name: 'k' } } };
  const selector = { matchLabels: { policy: name } };
  return { apiVersion: 'hallmark.dev/v1alpha1', kind: 'SigningPolicy', metadata, spec: { signer, selector, ...spec } };
}

function given(limits: { readonly count: number } = { count: 3 }) {
  const backoff = exponentialBackoff({ minMs: 1000, maxMs: 1000 });
  const queue = new KeyedQueue<PolicyKey>({ clock: new ManualClock(), backoff });
  const pipelines = new Pipelines('hallmark-system');
  const objects = new ObjectStore<PolicyKey>();
  const bytes = { total: 1e8, perTenant: 1e7, assured: 0 };
  const shares = new DefinitionShares('SigningPolicies', { objectBytes: 10_000, bytes, ...limits });
  const changed: string[] = [];
  const handler = policyEventHandler({
    ...{ kind: 'SigningPolicy', operatorNamespace: 'hallmark-system', retention: standardRetention },
    ...{ pipelines, objects, shares, queue },
    propagation: { policyChanged: ({ name }) => changed.push(name) },
    onSynced: () => undefined,
  });
  const deliver = (name: string, options?: Parameters<typeof policyObject>[1]): void => {
    const object = policyObject(name, options);
    handler.upsert(`${options?.namespace ?? 'team-a'}/${name}`, object, 'Event');
  };
  const inUse = (namespace = 'team-a'): readonly string[] =>
    pipelines.forNamespace(namespace).map(({ policy }) => `${policy.name}${policy.invalid === undefined ? '' : '!'}`);
  return { handler, deliver, inUse, objects, pipelines, queue, shares, changed };
}

describe('the policies of a namespace that has more than its share', () => {
  it('are left out but for one, which says why it signs nothing and selects every run', () => {
    const { deliver, inUse, pipelines, objects } = given();
    for (const name of ['p1', 'p2', 'p3', 'p4', 'p5', 'p6']) deliver(name);
    assert.deepEqual(inUse(), ['p1', 'p2', 'p3', 'p4!']);
    const standIn = pipelines.policy({ kind: 'SigningPolicy', namespace: 'team-a', name: 'p4' });
    assert.match(standIn?.invalid ?? '', /more than 3 SigningPolicies: this one is left out until others are deleted/);
    assert.deepEqual([standIn?.spec.selector, standIn?.spec.runs.outcomes.length], [{}, 3]);
    assert.match(refusalOf(objects.get('SigningPolicy/team-a/p6')) ?? '', /more than 3 SigningPolicies/);
  });

  it('are taken up again once another was deleted and they are delivered anew', () => {
    const { handler, deliver, inUse, shares } = given();
    for (const name of ['p1', 'p2', 'p3', 'p4', 'p5']) deliver(name);
    handler.remove('team-a/p2', undefined, 'u-p2');
    assert.equal(shares.takeRoom('team-a'), true);
    for (const name of ['p1', 'p3', 'p4', 'p5']) deliver(name);
    assert.deepEqual(inUse(), ['p1', 'p3', 'p4', 'p5!']);
  });

  it('ten thousand at once leave the policies of others as they are, and cost a run what two hundred do', () => {
    const { deliver, inUse, pipelines, changed } = given({ count: 200 });
    deliver('honest', { namespace: 'team-b' });
    for (let index = 0; index < 10_000; index += 1) deliver(`p${index}`);
    assert.deepEqual(inUse('team-b'), ['honest']);
    assert.equal(pipelines.policies.length, 202);
    assert.equal(changed.length, 202);
  });

  it('a policy of a megabyte is refused with what to do about it, and keeps its selection', () => {
    const { deliver, pipelines, objects } = given();
    const allowedRepositories = Array.from({ length: 1000 }, (_, index) =>
      `registry.example.com/${index}/`.padEnd(1000, 'x'),
    );
    deliver('huge', { spec: { subjects: { allowedRepositories } } });
    const policy = pipelines.policy({ kind: 'SigningPolicy', namespace: 'team-a', name: 'huge' });
    assert.match(policy?.invalid ?? '', /larger than 10000 bytes: shorten its lists and texts/);
    assert.deepEqual(policy?.spec.selector, { matchLabels: { policy: 'huge' } });
    assert.ok(JSON.stringify(objects.get('SigningPolicy/team-a/huge')).length < 1000);
  });
});
