// SPDX-License-Identifier: Apache-2.0
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  DashboardBuilder,
  DashboardCursorSync,
  DatasourceVariableBuilder,
  type Panel,
  QueryVariableBuilder,
  RowBuilder,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { datasource, quantile, series, stat, table } from './dashboard-panels.ts';

/** The dashboard in the form that files and sidecars load, as Grafana's own SDK builds and places it. */
export function dashboard(): string {
  const builder = new DashboardBuilder('Hallmark')
    .uid('hallmark')
    .description(
      'Shows what Hallmark signs and stores, what waits, and which policy or backend of which team is broken.',
    )
    .tags(['hallmark', 'supply-chain'])
    .editable()
    .tooltip(DashboardCursorSync.Crosshair)
    .timezone('browser')
    .refresh('1m')
    .time({ from: 'now-6h', to: 'now' })
    .variables([
      new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'),
      new QueryVariableBuilder('job')
        .label('Job')
        .datasource(datasource)
        .query('label_values(hallmark_build_info, job)')
        .includeAll(true)
        .multi(true),
    ]);
  for (const { title, panels } of rows()) {
    builder.withRow(new RowBuilder(title));
    for (const panel of panels) builder.withPanel(panel);
  }
  const built = builder.build();
  const panels = built.panels?.map((panel, index) => ({ ...panel, id: index + 1 }));
  return JSON.stringify({ ...built, panels }, null, 2);
}

function rows(): readonly { readonly title: string; readonly panels: readonly Builder<Panel>[] }[] {
  return [
    { title: 'At a glance', panels: glance() },
    { title: 'Teams', panels: teams() },
    { title: 'Signing and storing', panels: work() },
    { title: 'The operator', panels: operator() },
  ];
}

function glance(): readonly Builder<Panel>[] {
  return [
    stat(
      { title: 'Replicas', description: 'Replicas that report metrics.' },
      'count(hallmark_build_info{job=~"$job"})',
    ),
    stat({ title: 'Shards held', description: 'Of 16.' }, 'sum(hallmark_shards_held{job=~"$job"})'),
    stat(
      { title: 'Not ready', description: 'Policies and backends with Ready=False.' },
      'count(hallmark_condition{job=~"$job",type="Ready",status="False"}) or vector(0)',
    ),
    stat(
      { title: 'Longest wait', description: 'Since the oldest run ended that is not stored yet.', unit: 's' },
      'max(hallmark_record_oldest_waiting_seconds{job=~"$job"}) or vector(0)',
    ),
    stat(
      { title: 'Next key ends', description: 'The time until the first key of a policy ends.', unit: 's' },
      'min(hallmark_key_not_after_timestamp_seconds{job=~"$job"}) - time()',
    ),
    stat(
      { title: 'Failed verifications', description: 'Records whose evidence does not verify.' },
      'sum(hallmark_records{job=~"$job",reason="VerificationFailed"}) or vector(0)',
    ),
  ];
}

function teams(): readonly Builder<Panel>[] {
  return [
    table(
      { title: 'Policies and backends that are not ready', description: 'The condition Ready of each says why.' },
      'hallmark_condition{job=~"$job",type="Ready",status!="True"} == 1',
    ),
    series(
      { title: 'Longest wait by namespace', description: 'Since its oldest run ended that is not stored.', unit: 's' },
      [
        {
          expr: 'topk(10, max by (namespace) (hallmark_record_oldest_waiting_seconds{job=~"$job"}))',
          legend: '{{namespace}}',
        },
      ],
    ),
    series({ title: 'Records by reason', description: 'The reason of the condition Ready of all records.' }, [
      { expr: 'sum by (reason) (hallmark_records{job=~"$job"})', legend: '{{reason}}' },
    ]),
    series(
      { title: 'Runs that wait for room', description: 'Their namespace has as many records as its ceilings allow.' },
      [
        { expr: 'sum(hallmark_runs_waiting{job=~"$job"})', legend: 'waiting' },
        { expr: 'sum(hallmark_runs_guarded{job=~"$job"})', legend: 'kept by the deletion guard' },
      ],
    ),
  ];
}

function work(): readonly Builder<Panel>[] {
  return [
    series({ title: 'From the end of a run to stored', description: 'Quantiles over all records.', unit: 's' }, [
      quantile('hallmark_run_stored_seconds', 0.5),
      quantile('hallmark_run_stored_seconds', 0.99),
    ]),
    series({ title: 'Runs signed', description: 'By kind of run.', unit: 'ops' }, [
      { expr: 'sum by (kind) (rate(hallmark_runs_signed_total{job=~"$job"}[$__rate_interval]))', legend: '{{kind}}' },
    ]),
    series({ title: 'Attempts to store', description: 'By type of backend and result.', unit: 'ops' }, [
      {
        expr: 'sum by (type, result) (rate(hallmark_storage_attempts_total{job=~"$job"}[$__rate_interval]))',
        legend: '{{type}} {{result}}',
      },
    ]),
    series({ title: 'Attempts to have signatures witnessed', description: 'By result.', unit: 'ops' }, [
      {
        expr: 'sum by (result) (rate(hallmark_witness_attempts_total{job=~"$job"}[$__rate_interval]))',
        legend: '{{result}}',
      },
    ]),
    series({ title: 'Read-backs', description: 'By type of backend and result.', unit: 'ops' }, [
      {
        expr: 'sum by (type, result) (rate(hallmark_verifications_total{job=~"$job"}[$__rate_interval]))',
        legend: '{{type}} {{result}}',
      },
    ]),
    series({ title: 'Records in etcd', description: 'Their estimated size.', unit: 'bytes' }, [
      { expr: 'sum(hallmark_records_bytes{job=~"$job"})', legend: 'size' },
    ]),
  ];
}

function operator(): readonly Builder<Panel>[] {
  return [
    series({ title: 'Keys that wait', description: 'Keys ready to be taken, by controller.' }, [
      { expr: 'sum by (controller) (hallmark_queue_depth{job=~"$job"})', legend: '{{controller}}' },
    ]),
    series({ title: 'Reconciles that fail', description: 'By controller. The log says why.', unit: 'ops' }, [
      {
        expr: 'sum by (controller) (rate(hallmark_reconcile_seconds_count{job=~"$job",result="Failed"}[$__rate_interval]))',
        legend: '{{controller}}',
      },
    ]),
    series({ title: 'Kubernetes API', description: '99th percentile of the time to answer, by verb.', unit: 's' }, [
      {
        expr: 'histogram_quantile(0.99, sum by (le, verb) (rate(hallmark_kube_request_seconds_bucket{job=~"$job"}[$__rate_interval])))',
        legend: '{{verb}}',
      },
    ]),
    series({ title: 'Watches restarted', description: 'By resource and cause.', unit: 'ops' }, [
      {
        expr: 'sum by (resource, cause) (rate(hallmark_watch_restarts_total{job=~"$job"}[$__rate_interval]))',
        legend: '{{resource}} {{cause}}',
      },
    ]),
    series({ title: 'Memory', description: 'Resident memory of each replica.', unit: 'bytes' }, [
      { expr: 'process_resident_memory_bytes{job=~"$job"}', legend: '{{pod}}' },
    ]),
    series({ title: 'CPU', description: 'Cores used by each replica.' }, [
      { expr: 'rate(process_cpu_seconds_total{job=~"$job"}[$__rate_interval])', legend: '{{pod}}' },
    ]),
  ];
}
