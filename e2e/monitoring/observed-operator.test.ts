// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { dashboardQueries } from '../../codegen/monitoring/dashboard-queries.ts';
import { metricFamilies } from '../../codegen/monitoring/metrics-page.ts';
import { field, listField } from '../../src/json/fields.ts';
import { idsOfRun } from '../../src/telemetry/tracing/trace-ids.ts';
import { trustedRootJson } from '../../src/trust/trust-bed.fixture.ts';
import { asManifest, at, releaseNamespace } from '../chart/helm.ts';
import { PATIENCE_SECONDS } from '../harness/cluster.ts';
import { Installation } from '../harness/installation.ts';
import { OperatorProcess } from '../harness/operator-process.ts';
import { KEY_SECRET, type Build, type Team } from '../harness/team.ts';
import { adminClient } from '../resilience/admin-client.ts';
import { ManagedRuns, managedRuns } from '../resilience/managed-runs.ts';
import type { CutProxy } from '../testbed/control-plane/cut-proxy.ts';
import { FaultProxy } from '../testbed/fault-proxy/fault-proxy.ts';
import { OtlpReceiver } from '../testbed/otlp/otlp-receiver.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';
import { prometheusRule, PromtoolFolder, rulesFile, rulesOf, type Series } from './promtool.ts';
import { labelNames, samplesOf, scrapedSeries } from './scrapes.ts';

const patience = { timeoutSeconds: PATIENCE_SECONDS } as const;
const backends = ['registry', 'tekton'];
const TOKEN = 'collector-token-7d0b';

let installation: Installation;
let receiver: OtlpReceiver;
let collector: FaultProxy;
let apiServer: CutProxy;
let operator: OperatorProcess;
let teams: readonly Team[];
before(async () => {
  installation = await Installation.start({
    label: 'observed-operator',
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
  const { plane } = installation;
  apiServer = await plane.cutProxy();
  operator = await OperatorProcess.start(installation, {
    kubeconfig: plane.kubeconfigVia(apiServer, await plane.tokenOf(releaseNamespace, 'hallmark')),
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

describe('the metrics of an operator at work', () => {
  const folder = new PromtoolFolder();
  /** The answers of its replica before and after a run of each team. */
  const scrapes: string[] = [];
  const target = { namespace: releaseNamespace, job: 'hallmark-metrics', pod: 'hallmark-0' };

  before(async () => {
    await Promise.all([breakPolicy(), breakWitness()]);
    apiServer.cut();
    const cutWatch = /^hallmark_watch_restarts_total\{.*cause="(?!Ended)/m;
    await waitUntil('a watch is restarted', async () => cutWatch.test(await operator.metrics()), patience);
    scrapes.push(await operator.metrics());
    await storedRuns('measured');
    const late = ['hallmark_verifications_total{', 'hallmark_trace_spans_total{', 'hallmark_key_not_after_timestamp'];
    const measured = async (): Promise<string | undefined> => {
      const text = await operator.metrics();
      return late.every((name) => text.includes(`\n${name}`)) ? text : undefined;
    };
    scrapes.push(await waitUntil('what comes late is counted', measured, patience));
  });
  after(() => {
    folder.remove();
  });

  /** A policy without its key. */
  async function breakPolicy(): Promise<void> {
    await installation.team({ name: 'team-keyless', backends: ['tekton'], withKey: false, policy: managedRuns });
    await installation.wait('team-keyless', 'signingpolicy/builds', 'condition=Ready=False');
  }

  /** A run that waits for its timestamp, and is signed with a key that ends. */
  async function breakWitness(): Promise<void> {
    const { host } = installation.testbed.registry();
    const policy = {
      ...managedRuns,
      signer: { type: 'Key', key: { secretRef: { name: KEY_SECRET }, notAfter: '2999-01-01T00:00:00Z' } },
      transparency: { timestampAuthorities: [{ url: `http://${host}/timestamp` }] },
      trustedRoot: { type: 'Inline', inline: trustedRootJson('https://rekor.example') },
    };
    const team = await installation.team({ name: 'team-untimely', backends: ['tekton'], policy });
    const run = await new ManagedRuns(adminClient(installation.plane), team).build({ name: 'late' });
    await team.recordWithReason(run, 'TimestampAuthorityUnavailable');
  }

  it('are those of the page, each with the labels that it names', () => {
    const samples = samplesOf(scrapes[1] ?? '').filter(({ family }) => family.startsWith('hallmark_'));
    const familyOf = ({ family }: { readonly family: string }): string => family.replace(/_(bucket|sum|count)$/, '');
    const namesOf = (labels: readonly string[]): string => labels.toSorted().join();
    const emitted = samples.map((sample) => {
      const labels = labelNames(sample).filter((label) => label !== 'le');
      return `${familyOf(sample)} ${namesOf(labels)}`;
    });
    const listed = metricFamilies().map(({ name, labels }) => `${name} ${namesOf(labels)}`);
    assert.deepEqual(
      emitted.filter((each) => !listed.includes(each)),
      [],
    );
    // Counted by luck alone where the API server is cut off for a moment.
    const byLuck = ['hallmark_events_dropped_total reason', 'hallmark_queue_retries_total controller'];
    assert.deepEqual(
      listed.filter((each) => !emitted.includes(each) && !byLuck.includes(each)),
      [],
    );
  });

  /** Faults that the operator did not have. */
  const faults: readonly Series[] = [
    { series: 'hallmark_records{reason="VerificationFailed",job="hallmark-metrics"}', values: '1x120' },
    { series: 'hallmark_reconcile_seconds_count{result="Failed",job="hallmark-metrics"}', values: '0 1x120' },
  ];
  const series = (): readonly Series[] => scrapedSeries(scrapes[0] ?? '', scrapes[1] ?? '', target);

  /** Checks that each query finds a number in these series. */
  async function judgeQueries(queries: readonly string[]): Promise<string> {
    const tests = queries.map((query) => {
      // Nothing equals a value that is not a number.
      const expr = query.replace(' or vector(0)', '');
      return {
        expr: `count((${expr}) == (${expr})) > bool 0`,
        eval_time: '2m',
        exp_samples: [{ labels: '{}', value: 1 }],
      };
    });
    folder.write('panels.yaml', {
      tests: [{ interval: '1m', input_series: [...series(), ...faults], promql_expr_test: tests }],
    });
    return folder.promtool(['test', 'rules', 'panels.yaml']);
  }

  it('fill each panel of the dashboard, by the engine of Prometheus', async () => {
    assert.match(await judgeQueries(dashboardQueries()), /SUCCESS/);
  });

  it('leave a panel empty that asks for another job, by the same engine', async () => {
    const other = 'sum(hallmark_shards_held{job="other"})';
    await assert.rejects(judgeQueries([other]), /hallmark_shards_held/);
  });

  it('have the alert about the broken policy fire, and no other', async () => {
    const rule = await prometheusRule();
    const rules = rulesOf(rule);
    const labels = { kind: 'SigningPolicy', namespace: 'team-keyless', name: 'builds', type: 'Ready', status: 'False' };
    const tests = rules.map((each) => {
      const name = String(at(each, 'alert'));
      const fires = name === 'HallmarkNotReady';
      const { summary, ...annotations } = asManifest(at(each, 'annotations'));
      const alert = {
        exp_labels: { ...labels, job: 'hallmark-metrics', pod: 'hallmark-0', severity: 'warning' },
        exp_annotations: { ...annotations, summary: 'SigningPolicy team-keyless/builds is not ready.' },
      };
      return { eval_time: '90m', alertname: name, exp_alerts: fires ? [alert] : [] };
    });
    folder.write('rules.yaml', rulesFile(rule));
    const test = { interval: '1m', input_series: series(), alert_rule_test: tests };
    folder.write('alerts.yaml', { rule_files: ['rules.yaml'], tests: [test] });
    assert.match(await folder.promtool(['test', 'rules', 'alerts.yaml']), /SUCCESS/);
  });
});

describe('an operator that sends traces to a collector', () => {
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
