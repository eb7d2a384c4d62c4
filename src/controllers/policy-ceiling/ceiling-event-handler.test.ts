// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { ManualClock } from '../../runtime/manual-clock.fixture.ts';
import { exponentialBackoff } from '../../runtime/queue/backoff.ts';
import { KeyedQueue } from '../../runtime/queue/keyed-queue.ts';
import { ceilingObject } from '../../pipelines/ceilings/ceiling.fixture.ts';
import { Pipelines } from '../../pipelines/pipelines.ts';
import { policyDefinition } from '../../pipelines/policy-definition.fixture.ts';
import { settledSummary } from '../../records/record-summary.fixture.ts';
import { ObjectStore } from '../memory/object-store.ts';
import { RecordIndex } from '../memory/records/record-index.ts';
import { ceilingEventHandler } from './ceiling-event-handler.ts';

describe('a delivered ceiling', () => {
  let concerned: string[][];
  let handler: ReturnType<typeof ceilingEventHandler>;
  beforeEach(() => {
    const pipelines = new Pipelines('ops');
    const records = new RecordIndex();
    for (const name of ['team-a', 'team-b', 'empty']) pipelines.setNamespace({ name, labels: { team: name } });
    pipelines.setPolicy(policyDefinition('team-a', 'builds'));
    records.set(settledSummary({ key: 'team-b/left-over' }));
    concerned = [];
    const backoff = exponentialBackoff({ minMs: 1, maxMs: 1, jitter: 0 });
    handler = ceilingEventHandler({
      ...{ pipelines, records, objects: new ObjectStore(), onSynced: () => undefined },
      queue: new KeyedQueue({ clock: new ManualClock(), backoff }),
      propagation: { boundsChanged: (namespaces) => concerned.push([...namespaces]) },
    });
  });

  const deliver = (spec: object): void => {
    handler.upsert('teams', ceilingObject('teams', spec), 'Event');
  };

  it('concerns the namespaces with policies, and those where only records are left', () => {
    deliver({ record: { maxSeconds: 60 } });
    assert.deepEqual(concerned, [['team-a', 'team-b']]);
  });

  it('concerns those that it selected before and those that it selects now', () => {
    deliver({ namespaceSelector: { matchLabels: { team: 'team-a' } } });
    deliver({ namespaceSelector: { matchLabels: { team: 'team-b' } } });
    handler.remove('teams', undefined, '');
    assert.deepEqual(concerned, [['team-a'], ['team-a', 'team-b'], ['team-b']]);
  });

  it('concerns nothing when it is as it was', () => {
    deliver({});
    deliver({});
    assert.equal(concerned.length, 1);
  });
});
