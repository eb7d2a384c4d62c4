// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { dashboardQueries } from '../../codegen/monitoring/dashboard-queries.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import { at } from '../chart/helm.ts';
import { prometheusRule, PromtoolFolder, rulesFile, rulesOf, type Series } from './promtool.ts';

const RUNBOOK = 'https://docs.example.com/operations';

/** Series, and what they fire when. */
interface Case {
  readonly title: string;
  readonly alert: string;
  readonly series: readonly Series[];
  readonly at: string;
  /** The labels of the alerts that fire then, and the beginning of their summary; empty where none does. */
  readonly fires: readonly { readonly labels: Readonly<Record<string, string>>; readonly summary: string }[];
}

const job = 'job="hallmark-metrics"';
const broken = { kind: 'SigningPolicy', namespace: 'team-a', name: 'builds' };
const ofPolicy = 'kind="SigningPolicy",namespace="team-a",name="builds"';
const stays = (value: number): string => `${value}x120`;
const condition = (status: string, values: string): Series => ({
  series: `hallmark_condition{${ofPolicy},type="Ready",status="${status}"}`,
  values,
});

const cases: readonly Case[] = [
  {
    title: 'no replica reports',
    alert: 'HallmarkDown',
    series: [{ series: 'up{job="other"}', values: stays(1) }],
    at: '11m',
    fires: [{ labels: {}, summary: 'No replica of Hallmark reports metrics.' }],
  },
  {
    title: 'one of two replicas reports',
    alert: 'HallmarkDown',
    series: [{ series: `hallmark_build_info{${job},pod="one"}`, values: stays(1) }],
    at: '60m',
    fires: [],
  },
  {
    title: 'two replicas hold 12 shards together',
    alert: 'HallmarkShardsUnheld',
    series: ['one', 'two'].map((pod) => ({ series: `hallmark_shards_held{${job},pod="${pod}"}`, values: stays(6) })),
    at: '6m',
    fires: [{ labels: { job: 'hallmark-metrics' }, summary: 'The replicas of hallmark-metrics hold 12 of 16 shards.' }],
  },
  {
    title: 'one of two releases of one name holds 12 shards',
    alert: 'HallmarkShardsUnheld',
    series: [
      { series: `hallmark_shards_held{${job},namespace="one"}`, values: stays(16) },
      { series: `hallmark_shards_held{${job},namespace="two"}`, values: stays(12) },
    ],
    at: '6m',
    fires: [
      {
        labels: { job: 'hallmark-metrics', namespace: 'two' },
        summary: 'The replicas of hallmark-metrics hold 12 of 16 shards.',
      },
    ],
  },
  {
    title: 'a shard moves from one replica to another within minutes',
    alert: 'HallmarkShardsUnheld',
    series: [
      { series: `hallmark_shards_held{${job},pod="one"}`, values: '8x10 0x3 0x60' },
      { series: `hallmark_shards_held{${job},pod="two"}`, values: '8x10 8x3 16x60' },
    ],
    at: '14m',
    fires: [],
  },
  {
    title: 'a policy is broken for half an hour',
    alert: 'HallmarkNotReady',
    series: [condition('False', stays(1))],
    at: '31m',
    fires: [
      { labels: { ...broken, type: 'Ready', status: 'False' }, summary: 'SigningPolicy team-a/builds is not ready.' },
    ],
  },
  {
    title: 'a policy is mended in time',
    alert: 'HallmarkNotReady',
    series: [condition('False', '1x20 stale'), condition('True', '_x20 1x100')],
    at: '45m',
    fires: [],
  },
  {
    title: 'a record waits for hours, on whichever replica',
    alert: 'HallmarkRecordsWaiting',
    series: [
      { series: 'hallmark_record_oldest_waiting_seconds{namespace="team-a",pod="one"}', values: stays(7200) },
      { series: 'hallmark_record_oldest_waiting_seconds{namespace="team-b",pod="one"}', values: stays(20) },
    ],
    at: '11m',
    fires: [
      {
        labels: { namespace: 'team-a' },
        summary: 'A run of namespace team-a has waited for 2h 0m 0s to be signed or stored.',
      },
    ],
  },
  {
    title: 'records wait for half an hour',
    alert: 'HallmarkRecordsWaiting',
    series: [{ series: 'hallmark_record_oldest_waiting_seconds{namespace="team-a"}', values: stays(1800) }],
    at: '60m',
    fires: [],
  },
  {
    title: 'a key ends within a fortnight',
    alert: 'HallmarkKeyExpires',
    series: [{ series: `hallmark_key_not_after_timestamp_seconds{${ofPolicy}}`, values: stays(864_000) }],
    at: '60m',
    fires: [{ labels: broken, summary: 'The key of SigningPolicy team-a/builds ends in 9d 23h 0m 0s.' }],
  },
  {
    title: 'a key ends in a month',
    alert: 'HallmarkKeyExpires',
    series: [{ series: `hallmark_key_not_after_timestamp_seconds{${ofPolicy}}`, values: stays(2_592_000) }],
    at: '60m',
    fires: [],
  },
  {
    title: 'evidence of three records was lost',
    alert: 'HallmarkEvidenceFails',
    series: [
      { series: `hallmark_records{${job},pod="one",reason="VerificationFailed"}`, values: stays(2) },
      { series: `hallmark_records{${job},pod="two",reason="VerificationFailed"}`, values: stays(1) },
    ],
    at: '6m',
    fires: [{ labels: { job: 'hallmark-metrics' }, summary: '3 records do not verify.' }],
  },
  {
    title: 'records are left alone',
    alert: 'HallmarkEvidenceFails',
    series: [{ series: `hallmark_records_held{${job}}`, values: stays(5) }],
    at: '6m',
    fires: [{ labels: { job: 'hallmark-metrics' }, summary: '5 records do not verify.' }],
  },
  {
    title: 'all records are stored',
    alert: 'HallmarkEvidenceFails',
    series: [
      { series: `hallmark_records{${job},reason="Stored"}`, values: stays(900) },
      { series: `hallmark_records_held{${job}}`, values: stays(0) },
    ],
    at: '60m',
    fires: [],
  },
];

const folder = new PromtoolFolder();
let rules: readonly unknown[];

before(async () => {
  const rule = await prometheusRule([`monitoring.alerts.runbookURL="${RUNBOOK}"`]);
  rules = rulesOf(rule);
  folder.write('rules.yaml', rulesFile(rule));
});
after(() => {
  folder.remove();
});

/** promtool's form of a case. */
function unitTest({ title, alert, series, at: evalTime, fires }: Case): object {
  const rule = rules.find((each) => at(each, 'alert') === alert);
  const severity = String(at(rule, 'labels', 'severity'));
  const expected = fires.map(({ labels, summary }) => ({
    exp_labels: { ...labels, severity },
    exp_annotations: {
      summary,
      description: String(at(rule, 'annotations', 'description')),
      runbook_url: `${RUNBOOK}#${alert.toLowerCase()}`,
    },
  }));
  const tests = [{ eval_time: evalTime, alertname: alert, exp_alerts: expected }];
  return { name: title, interval: '1m', input_series: series, alert_rule_test: tests };
}

describe('the alerts that the chart renders', () => {
  it('are rules for Prometheus', async () => {
    assert.match(
      await folder.promtool(['check', 'rules', '--lint=all', '--lint-fatal', 'rules.yaml']),
      /SUCCESS: 6 rules found/,
    );
  });

  for (const { title, alert, fires } of cases) {
    it(`${fires.length > 0 ? 'fire' : 'do not fire'} when ${title}: ${alert}`, async () => {
      const test = cases.find((each) => each.title === title && each.alert === alert);
      assert.ok(test !== undefined);
      const name = `${cases.indexOf(test)}.yaml`;
      folder.write(name, { rule_files: ['rules.yaml'], tests: [unitTest(test)] });
      assert.match(await folder.promtool(['test', 'rules', name]), /SUCCESS/);
    });
  }

  it('name their section of the page in the checkout when no URL is set', async () => {
    const links = rulesOf(await prometheusRule()).map((rule) => String(at(rule, 'annotations', 'runbook_url')));
    const names = rules.map((rule) => String(at(rule, 'alert')));
    assert.deepEqual(
      links,
      names.map((name) => `docs/operations.md#${name.toLowerCase()}`),
    );
  });

  it('each have a case in which they fire, and one in which they do not', () => {
    const names = rules.map((rule) => String(at(rule, 'alert')));
    assert.equal(names.length, 6);
    const having = (isFiring: boolean): readonly string[] =>
      names.filter((name) => cases.some(({ alert, fires }) => alert === name && fires.length > 0 === isFiring));
    assert.deepEqual([having(true), having(false)], [names, names]);
  });
});

describe('the dashboard', () => {
  it('asks only what Prometheus can parse', async () => {
    const queries = dashboardQueries();
    assert.ok(queries.length > 20);
    const recorded = queries.map((expr, index) => ({ record: `panel:${index}`, expr }));
    folder.write('dashboard.yaml', { groups: [{ name: 'dashboard', rules: recorded }] });
    const checked = await folder.promtool(['check', 'rules', 'dashboard.yaml']);
    assert.match(checked, new RegExp(`SUCCESS: ${queries.length} rules found`));
  });
});

describe('the metrics', () => {
  it('keep to the rules for names and help', async () => {
    const { text } = await new Metrics({ processMetrics: false }).render();
    assert.equal(await folder.promtool(['check', 'metrics'], text), '');
  });
});
