// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { field } from '../../src/json/fields.ts';
import { otlpTracing } from '../../src/telemetry/tracing/otlp-tracing.ts';
import { idsOfRun } from '../../src/telemetry/tracing/trace-ids.ts';
import { OtlpReceiver } from '../testbed/otlp/otlp-receiver.ts';
import { Supervisor } from '../testbed/processes/supervisor.ts';

const run = { uid: 'b0a3ed2f-0c5c-4ae1-8a3e-2a8c2b4f6d10', kind: 'TaskRun', namespace: 'team-a', name: 'build-1' };

describe("the OpenTelemetry collector's receiver", () => {
  const supervisor = new Supervisor('traces');
  let receiver: OtlpReceiver;
  before(async () => {
    receiver = await OtlpReceiver.start(supervisor);
  });
  after(() => supervisor.stop());

  it('takes the way of a run as one trace, from two replicas', async () => {
    const results: string[] = [];
    const open = (instance: string) =>
      otlpTracing({
        ...{ endpoint: receiver.endpoint, samplingRatio: 1, version: '1.2.3', instance },
        onExport: (result, spans) => results.push(`${result} ${spans}`),
      });
    const first = open('hallmark-0');
    for (const name of ['gather', 'sign', 'create record'] as const)
      await first.tracing.step(run, { name }, () => Promise.resolve());
    first.tracing.recorded(run, '2026-01-01T00:00:00Z');
    await first.close();
    const second = open('hallmark-1');
    const attributes = { 'hallmark.backend.name': 'registry' };
    for (const name of ['witness', 'store', 'read back'] as const)
      await second.tracing.step(
        run,
        { name, attributes },
        () => Promise.resolve('Stored'),
        (result) => result,
      );
    await second.close();
    assert.deepEqual(results, ['Sent 4', 'Sent 3']);
    const { traceId, spanId } = idsOfRun(run.uid);
    const names = receiver.spans().map((span) => field(span, 'name'));
    assert.deepEqual(names, ['gather', 'sign', 'create record', 'run', 'witness', 'store', 'read back']);
    for (const span of receiver.spans()) {
      assert.equal(field(span, 'traceId'), traceId);
      const isRun = field(span, 'name') === 'run';
      assert.deepEqual(
        [field(span, 'parentSpanId') ?? '', field(span, 'spanId') === spanId],
        isRun ? ['', true] : [spanId, false],
      );
    }
    assert.match(JSON.stringify(receiver.spans().at(-1)), /"hallmark\.outcome","value":\{"stringValue":"Stored"\}/);
  });
});
