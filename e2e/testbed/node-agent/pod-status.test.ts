// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ContainerState, ContainerStatus } from './container-state.ts';
import { podStatus, type PodFacts } from './pod-status.ts';

const early = '2026-01-01T00:00:00Z';
const late = '2026-01-01T00:01:00Z';
const running: ContainerState = { running: { startedAt: early } };
const waiting: ContainerState = { waiting: { reason: 'ContainerCreating' } };
const ended = (exitCode: number): ContainerState => ({
  terminated: { exitCode, reason: 'x', startedAt: early, finishedAt: early },
});

function container(state: ContainerState, more: Partial<ContainerStatus> = {}): ContainerStatus {
  return { name: 'c', image: 'i', imageID: 'i', state, ready: false, started: false, restartCount: 0, ...more };
}

function facts(containers: readonly ContainerStatus[], more: Partial<PodFacts> = {}): PodFacts {
  const base = {
    init: [],
    restartPolicy: 'Always',
    generation: 1,
    startTime: early,
    address: '198.18.0.1',
    now: late,
    previous: [],
  } as const;
  return { ...base, containers, ...more };
}

describe('podStatus', () => {
  const cases: readonly [string, string, PodFacts][] = [
    ['a container waits for its first start', 'Pending', facts([container(running), container(waiting)])],
    ['all run', 'Running', facts([container(running)])],
    ['one waits for its next start', 'Running', facts([container(waiting, { lastState: ended(1) })])],
    ['one has ended and is to be restarted', 'Running', facts([container(ended(0))])],
    ['an init container runs', 'Pending', facts([container(waiting)], { init: [container(running)] })],
    ['an init container failed for good', 'Failed', facts([container(waiting)], { init: [container(ended(1))], restartPolicy: 'Never' })], // prettier-ignore
    ['all ended well for good', 'Succeeded', facts([container(ended(0))], { restartPolicy: 'Never' })],
    ['one ended badly for good', 'Failed', facts([container(ended(0)), container(ended(2))], { restartPolicy: 'Never' })], // prettier-ignore
    ['one failed and is to be restarted on failure', 'Running', facts([container(ended(2))], { restartPolicy: 'OnFailure' })], // prettier-ignore
  ];
  for (const [title, phase, given] of cases) {
    it(`is ${phase} when ${title}`, () => {
      assert.equal(podStatus(given).phase, phase);
    });
  }

  it('is ready when every container is, and says which are not', () => {
    const ready = podStatus(facts([container(running, { ready: true })]));
    assert.equal(ready.conditions.find(({ type }) => type === 'Ready')?.status, 'True');
    const unready = podStatus(facts([container(running, { name: 'web' })])).conditions.at(-1);
    assert.equal(unready?.status, 'False');
    assert.equal(unready.message, 'containers with unready status: [web]');
  });

  it('moves the time of a condition only with its status', () => {
    const { conditions } = podStatus(facts([container(running)], { now: early }));
    const next = podStatus(facts([container(running, { ready: true })], { previous: conditions })).conditions;
    assert.equal(next.find(({ type }) => type === 'PodScheduled')?.lastTransitionTime, early);
    assert.equal(next.find(({ type }) => type === 'Ready')?.lastTransitionTime, late);
  });
});
