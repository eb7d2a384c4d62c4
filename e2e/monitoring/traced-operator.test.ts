// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { field, listField } from '../../src/json/fields.ts';
import { idsOfRun } from '../../src/telemetry/tracing/trace-ids.ts';
import { PATIENCE_SECONDS } from '../harness/cluster.ts';
import { Installation } from '../harness/installation.ts';
import { OperatorProcess } from '../harness/operator-process.ts';
import type { Build, Team } from '../harness/team.ts';
import { adminClient } from '../resilience/admin-client.ts';
import { ManagedRuns, managedRuns } from '../resilience/managed-runs.ts';
import { FaultProxy } from '../testbed/fault-proxy/fault-proxy.ts';
import { OtlpReceiver } from '../testbed/otlp/otlp-receiver.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';

const patience = { timeoutSeconds: PATIENCE_SECONDS } as const;
const backends = ['registry', 'tekton'];
const TOKEN = 'collector-token-7d0b';

describe('an operator that sends traces to a collector', () => {
  let installation: Installation;
  let receiver: OtlpReceiver;
  let collector: FaultProxy;
  let operator: OperatorProcess;
  let teams: readonly Team[];
  before(async () => {
    installation = await Installation.start({
      label: 'traced-operator',
      replicas: 0,
      tekton: 'Kinds',
      values: async ({ supervisor }) => {
        receiver = await OtlpReceiver.start(supervisor);
        collector = await FaultProxy.start({ target: new URL(receiver.endpoint).origin });
        return [`config.tracing.endpoint="${collector.url}/v1/traces"`];
      },
    });
    const names = ['team-a', 'team-b', 'team-c', 'team-d'];
    teams = await Promise.all(names.map((name) => installation.team({ name, backends, policy: managedRuns })));
    operator = await OperatorProcess.start(installation, {
      env: { OTEL_EXPORTER_OTLP_HEADERS: `Authorization=Bearer%20${TOKEN}` },
    });
    await operator.untilWorking();
    await Promise.all(teams.map((team) => team.untilReady()));
  });
  after(async () => {
    await collector.stop();
    await installation.stop();
  });

  /** A finished run of each team, once all of them are stored. */
  function storedRuns(name: string): Promise<readonly Build[]> {
    return Promise.all(
      teams.map(async (team) => {
        const run = await new ManagedRuns(adminClient(installation.plane), team).build({ name });
        await team.readyRecord(run);
        return run;
      }),
    );
  }

  const spansOf = ({ uid }: Build): readonly unknown[] =>
    receiver.spans().filter((span) => attribute(span, 'run.uid') === uid);

  /** Waits until the receiver has the last step of each run. */
  async function untilReceived(runs: readonly Build[]): Promise<void> {
    const isWhole = (run: Build): boolean =>
      ['run', ...backends.map((backend) => `read back ${backend} Verified`)].every((title) =>
        spansOf(run).map(titleOf).includes(title),
      );
    await waitUntil('the traces are whole', () => runs.every(isWhole), patience);
  }

  /** Spans that could not be sent so far. */
  async function failed(): Promise<number> {
    const line = /^hallmark_trace_spans_total\{result="Failed"\} (\d+)$/m.exec(await operator.metrics());
    return Number(line?.[1] ?? 0);
  }

  it('gives it one trace a run, with the steps, in four namespaces', async () => {
    const runs = await storedRuns('traced');
    await untilReceived(runs);
    for (const run of runs) {
      const { traceId, spanId } = idsOfRun(run.uid);
      const spans = spansOf(run);
      assert.deepEqual([...new Set(spans.map((span) => field(span, 'traceId')))], [traceId]);
      const inner = spans.filter((span) => field(span, 'name') !== 'run');
      assert.deepEqual([...new Set(inner.map((span) => field(span, 'parentSpanId')))], [spanId]);
      assert.deepEqual([...new Set(spans.map(titleOf))].toSorted(), [
        'create record Created',
        'gather',
        'read back registry Verified',
        'read back tekton Verified',
        'run',
        'sign builds Signed',
        'store registry Stored',
        'store tekton Stored',
      ]);
      assert.equal(spans.filter((span) => field(span, 'name') === 'run').length, 1);
    }
    assert.equal(await failed(), 0);
  });

  it('authenticates with the headers of its environment, and tells no one else of them', () => {
    const sent = collector.asked('/v1/traces');
    assert.ok(sent.length > 0);
    assert.deepEqual([...new Set(sent.map(({ headers }) => headers['authorization']))], [`Bearer ${TOKEN}`]);
    const { host } = installation.testbed.registry();
    for (const word of [TOKEN, host, 'PRIVATE KEY']) {
      assert.equal(JSON.stringify(receiver.spans()).includes(word), false, `spans say ${word}`);
    }
    assert.equal(operator.log().includes(TOKEN), false);
  });

  it('stores runs while the collector hangs, and sends the next ones once it is well', async () => {
    const asked = collector.requests.length;
    collector.fail({ type: 'Hang' });
    // Only once a request of the first ones hangs, the second ones begin.
    await storedRuns('hanging-1');
    await waitUntil('a request hangs', () => collector.requests.length > asked, patience);
    await storedRuns('hanging-2');
    await waitUntil('the spans are counted', async () => (await failed()) > 0, patience);
    collector.heal();
    await untilReceived(await storedRuns('healed'));
  });

  it('stores runs while the collector is down, and ends in good order', async () => {
    const before = await failed();
    await collector.stop();
    await storedRuns('down');
    await waitUntil('the spans are counted', async () => (await failed()) > before, patience);
    assert.equal((await operator.stop()).code, 0);
    assert.doesNotMatch(operator.log(), /unhandled|uncaught/i);
  });
});

/** The name of a span, what it works for, and the outcome. */
function titleOf(span: unknown): string {
  const names = ['hallmark.policy.name', 'hallmark.backend.name', 'hallmark.outcome'];
  return [String(field(span, 'name')), ...names.map((name) => attribute(span, name) ?? [])].flat().join(' ');
}

function attribute(span: unknown, name: string): string | undefined {
  const found = listField(span, 'attributes').find((each) => field(each, 'key') === name);
  return found === undefined ? undefined : String(field(field(found, 'value'), 'stringValue'));
}
