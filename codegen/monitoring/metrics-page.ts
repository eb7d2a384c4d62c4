// SPDX-License-Identifier: Apache-2.0
import { field, listField } from '../../src/json/fields.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import { metricRemedies } from './metric-remedies.ts';

/** A family of metrics as the operator registers it. */
export interface MetricFamily {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
  readonly help: string;
}

/** The families that the operator registers itself, by name. */
export function metricFamilies(): readonly MetricFamily[] {
  const { registry } = new Metrics({ processMetrics: false });
  return registry
    .getMetricsAsArray()
    .map((metric) => ({
      name: metric.name,
      type: String(metric.type),
      labels: listField({ labelNames: field(metric, 'labelNames') }, 'labelNames').map(String),
      help: metric.help,
    }))
    .toSorted((one, other) => one.name.localeCompare(other.name));
}

/** docs/metrics.md. */
export function metricsPage(): string {
  const row = ({ name, type, labels, help }: MetricFamily): string => {
    const shown = labels.map((label) => `\`${label}\``).join(', ');
    const cells = [`\`${name}\``, type, shown, unitOf(name), help, metricRemedies[name] ?? ''];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  };
  return [
    '# Metrics',
    'The operator serves these metrics at `/metrics` on port 9090 in the Prometheus text format. [operations.md](operations.md#alerts) has the alerts, and ' +
      '[install.md](install.md#metrics) says how to scrape. There are also the metrics of the process (`process_*`) and of Node.js (`nodejs_*`) that prom-client gives.',
    'Each replica reports what belongs to the shards that it holds, so sum over the replicas. Labels come from closed sets, with two exceptions whose number is bounded: ' +
      'policies and backends (200 of a namespace and 5,000 of a replica; new names of a namespace beyond its first 200 come at two a minute), and the 500 namespaces of a replica ' +
      'whose records wait longest ([decision 37](decisions/0037-names-are-labels-within-bounds.md)). A series is gone with its object.',
    [
      '| name | type | labels | unit | meaning | what to do |',
      '| --- | --- | --- | --- | --- | --- |',
      ...metricFamilies().map(row),
    ].join('\n'),
  ].join('\n\n');
}

function unitOf(name: string): string {
  if (name.endsWith('_timestamp_seconds')) return 'seconds since 1970';
  return /_(seconds|bytes)$/.exec(name)?.[1] ?? '';
}
