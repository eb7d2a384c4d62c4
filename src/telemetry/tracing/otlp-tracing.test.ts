// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { describe, it, type TestContext } from 'node:test';
import { field, listField } from '../../json/fields.ts';
import { otlpTracing, type OtlpTracingOptions } from './otlp-tracing.ts';
import type { TracedRun } from './run-tracing.ts';
import { idsOfRun } from './trace-ids.ts';

const run: TracedRun = { uid: 'u-1', kind: 'TaskRun', namespace: 'team-a', name: 'build-1' };
const completionTime = '2026-01-01T00:00:00Z';

/** A double of a collector, which takes OTLP's JSON and answers as the test says. The real one is in e2e/monitoring/. */
async function collector(t: TestContext, answer: (response: ServerResponse) => void) {
  const spans: unknown[] = [];
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      for (const resource of listField(JSON.parse(body), 'resourceSpans'))
        for (const scope of listField(resource, 'scopeSpans')) spans.push(...listField(scope, 'spans'));
      answer(response);
    });
  });
  const { promise, resolve } = Promise.withResolvers<undefined>();
  server.listen(0, '127.0.0.1', () => {
    resolve(undefined);
  });
  await promise;
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return { endpoint: `http://127.0.0.1:${String(port)}/v1/traces`, spans };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  return Buffer.concat(await Array.fromAsync(request)).toString('utf8');
}

function open(endpoint: string, options: Partial<OtlpTracingOptions> = {}) {
  const results: string[] = [];
  const onExport = (result: string, spans: number): unknown => results.push(`${result} ${spans}`);
  const opened = otlpTracing({
    ...{ endpoint, samplingRatio: 1, version: '1.2.3', instance: 'hallmark-0', ...options },
    onExport,
  });
  return { ...opened, results };
}

const takes = (response: ServerResponse): unknown =>
  response.writeHead(200, { 'content-type': 'application/json' }).end('{}');

describe('the traces of a run', () => {
  it('are one trace over two processes, whose spans hang from that of the run', async (t) => {
    const { endpoint, spans } = await collector(t, takes);
    const first = open(endpoint);
    assert.equal(await first.tracing.step(run, { name: 'gather' }, () => Promise.resolve(7)), 7);
    first.tracing.recorded(run, completionTime);
    await first.close();
    const second = open(endpoint);
    const step = { name: 'store', attributes: { 'hallmark.backend.name': 'registry' } } as const;
    await second.tracing.step(
      run,
      step,
      () => Promise.resolve('Stored'),
      (result) => result,
    );
    await second.close();
    const { traceId, spanId } = idsOfRun(run.uid);
    assert.deepEqual(
      spans.map((span) => [field(span, 'name'), field(span, 'traceId'), field(span, 'parentSpanId') ?? '']),
      [
        ['gather', traceId, spanId],
        ['run', traceId, ''],
        ['store', traceId, spanId],
      ],
    );
    assert.equal(field(spans[1], 'spanId'), spanId);
    assert.equal(field(spans[1], 'startTimeUnixNano'), String(BigInt(Date.parse(completionTime)) * 1_000_000n));
    assert.deepEqual([first.results, second.results], [['Sent 2'], ['Sent 1']]);
  });

  it('say of a step that failed the kind of error, and nothing of its text', async (t) => {
    const { endpoint, spans } = await collector(t, takes);
    const { tracing, close } = open(endpoint);
    const failing = tracing.step(run, { name: 'sign' }, () => Promise.reject(new TypeError('secret hunter2')));
    await assert.rejects(failing, /hunter2/);
    await close();
    assert.equal(spans.length, 1);
    assert.match(JSON.stringify(spans), /"error\.type","value":\{"stringValue":"TypeError"\}/);
    assert.doesNotMatch(JSON.stringify(spans), /hunter2/);
  });

  it('are sent of the sampled part of all runs alone, with all their spans', async (t) => {
    const { endpoint, spans } = await collector(t, takes);
    const { tracing, close } = open(endpoint, { samplingRatio: 0.25 });
    for (let index = 0; index < 400; index += 1) {
      const each = { ...run, uid: `u-${index}` };
      await tracing.step(each, { name: 'gather' }, () => Promise.resolve());
      tracing.recorded(each, completionTime);
    }
    await close();
    const counts = Map.groupBy(spans, (span) => field(span, 'traceId'));
    assert.ok(counts.size > 60 && counts.size < 140, `${counts.size} of 400 are traced`);
    for (const ofTrace of counts.values()) assert.equal(ofTrace.length, 2);
  });

  it('hold up nothing while a collector hangs, and closing gives up on it', async (t) => {
    const { endpoint } = await collector(t, () => undefined);
    const { tracing, close } = open(endpoint);
    const beganMs = performance.now();
    for (let index = 0; index < 20_000; index += 1)
      await tracing.step({ ...run, uid: `u-${index}` }, { name: 'store' }, () => Promise.resolve());
    await close();
    // The steps do not wait at all; closing does for two seconds. An export that hangs would take five.
    assert.ok(performance.now() - beganMs < 30_000);
  });

  const lies: Readonly<Record<string, (response: ServerResponse) => unknown>> = {
    'breaks the connection': (response) => response.destroy(),
    'answers that everything is refused': (response) => response.writeHead(400).end('no'),
    'answers with what is no JSON': (response) => response.writeHead(200).end('<html>'),
  };
  for (const [title, answer] of Object.entries(lies)) {
    it(`harm no step when the collector ${title}`, async (t) => {
      const { endpoint } = await collector(t, answer);
      const { tracing, close, results } = open(endpoint);
      assert.equal(await tracing.step(run, { name: 'store' }, () => Promise.resolve('done')), 'done');
      await close();
      assert.ok(results.length <= 1);
    });
  }
});
