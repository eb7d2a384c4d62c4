// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { field } from '../json/fields.ts';
import { ManualClock } from '../runtime/manual-clock.fixture.ts';
import { EventRecorder, type EventRecorderOptions } from './events.ts';
import { KubeError } from './kube-error.ts';

const run = { apiVersion: 'tekton.dev/v1', kind: 'TaskRun', namespace: 'team-a', name: 'bake', uid: 'u-1' };
const failed = { type: 'Warning', reason: 'KeyNotFound', message: 'make the Secret' } as const;

describe('the event recorder', () => {
  it('writes an Event where kubectl describe looks for it', async () => {
    const { recorder, written } = setup();
    recorder.record(run, failed);
    await recorder.flush();
    const [event] = written;
    assert.deepEqual(event?.['involvedObject'], run);
    assert.deepEqual([event['type'], event['reason'], event['message']], ['Warning', 'KeyNotFound', 'make the Secret']);
    assert.deepEqual([event['count'], event['lastTimestamp']], [1, '2026-01-02T03:04:05Z']);
  });

  it('counts a repeat within ten minutes and adds it to the first one after them', async () => {
    const { recorder, written, clock } = setup();
    for (let minute = 0; minute < 10; minute += 1) {
      recorder.record(run, failed);
      await clock.advance(60_000);
    }
    await recorder.flush();
    assert.equal(written.length, 1);
    recorder.record(run, failed);
    await recorder.flush();
    assert.equal(written.length, 2);
    assert.equal(written[1]?.['count'], 11);
    assert.equal(written[1]['verb'], 'patch');
  });

  it('writes another reason or message at once', async () => {
    const { recorder, written } = setup();
    recorder.record(run, failed);
    recorder.record(run, { ...failed, message: 'make the other Secret' });
    recorder.record(run, { type: 'Normal', reason: 'Signed', message: 'healed' });
    recorder.record({ ...run, uid: 'u-2' }, failed);
    await recorder.flush();
    assert.equal(written.length, 4);
  });

  it('writes ten about one object and then one a minute', async () => {
    const { recorder, written, dropped, clock } = setup();
    for (let index = 0; index < 30; index += 1) recorder.record(run, { ...failed, message: `message ${index}` });
    await recorder.flush();
    assert.equal(written.length, 10);
    assert.equal(dropped.length, 20);
    await clock.advance(60_000);
    recorder.record(run, { ...failed, message: 'later' });
    recorder.record(run, { ...failed, message: 'too many again' });
    await recorder.flush();
    assert.equal(written.length, 11);
  });

  it('cuts what the API would refuse as too long', async () => {
    const { recorder, written } = setup();
    recorder.record({ ...run, name: 'n'.repeat(253) }, { ...failed, message: 'x'.repeat(9999) });
    await recorder.flush();
    assert.equal(String(written[0]?.['message']).length, 1024);
    assert.ok(String(written[0]?.['name']).length <= 253);
  });

  it('writes a hundred of one namespace and then one a second, and those of others all the same', async () => {
    const { recorder, written, clock } = setup();
    const flood = async (count: number): Promise<void> => {
      for (let index = 0; index < count; index += 1) {
        recorder.record({ ...run, uid: `u-${written.length}-${index}` }, failed);
        if (index % 16 === 0) await recorder.flush();
      }
      await recorder.flush();
    };
    await flood(300);
    assert.equal(written.length, 100);
    recorder.record({ ...run, namespace: 'team-b', uid: 'u-b' }, failed);
    await recorder.flush();
    assert.equal(written.length, 101);
    await clock.advance(5000);
    await flood(300);
    assert.equal(written.length, 106);
  });

  it('writes the Event of another namespace after one of those that wait for the first', async () => {
    const { recorder, written, dropped } = setup();
    for (let index = 0; index < 90; index += 1) recorder.record({ ...run, uid: `u-${index}` }, failed);
    recorder.record({ ...run, namespace: 'team-b', uid: 'u-b' }, failed);
    await recorder.flush();
    assert.deepEqual(dropped, new Array(58).fill('Full'));
    const places = written.map(({ involvedObject }) => field(involvedObject, 'namespace'));
    assert.deepEqual([places.length, places.indexOf('team-b')], [33, 1]);
  });

  it('remembers the Events of one namespace however many another has', async () => {
    const { recorder, written, clock } = setup();
    recorder.record(run, failed);
    for (let second = 0; second < 300; second += 1) {
      recorder.record({ ...run, namespace: 'team-b', uid: `u-b-${second}` }, failed);
      await recorder.flush();
      await clock.advance(1000);
    }
    assert.equal(written.length, 301);
    recorder.record(run, failed);
    await recorder.flush();
    assert.equal(written.length, 301);
  });

  it('never fails its caller, whatever the API server says', async () => {
    const { recorder, dropped } = setup(() => {
      throw new KubeError({ status: 403, reason: 'Forbidden', message: 'no' });
    });
    recorder.record(run, failed);
    await recorder.flush();
    assert.deepEqual(dropped, ['Failed']);
  });

  it('writes a new Event when the API server has dropped the one that it would count up', async () => {
    let forgotten = false;
    const { recorder, written, clock } = setup((verb) => {
      if (verb === 'patch' && forgotten) throw new KubeError({ status: 404, reason: 'NotFound', message: 'gone' });
    });
    recorder.record(run, failed);
    await clock.advance(3_600_000);
    forgotten = true;
    recorder.record(run, failed);
    await recorder.flush();
    assert.deepEqual(
      written.map(({ verb, count }) => [verb, count]),
      [
        ['create', 1],
        ['create', 2],
      ],
    );
  });
});

function setup(respond: (verb: 'create' | 'patch') => void = () => undefined) {
  const clock = new ManualClock();
  const written: Readonly<Record<string, unknown>>[] = [];
  const dropped: string[] = [];
  const take =
    (verb: 'create' | 'patch'): EventRecorderOptions['client']['create'] =>
    async (resource, object) => {
      await Promise.resolve();
      respond(verb);
      written.push({ verb, name: object.metadata.name, ...object });
      return resource.parse({ metadata: { name: object.metadata.name, uid: 'u', resourceVersion: '1' } });
    };
  const recorder = new EventRecorder({
    client: { create: take('create'), mergePatch: take('patch') },
    clock,
    instance: 'hallmark-0',
    onDropped: (reason) => dropped.push(reason),
  });
  return { recorder, written, dropped, clock };
}
