// SPDX-License-Identifier: Apache-2.0
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';

/** The data source that the reader of the dashboard chooses. */
export const datasource = { type: 'prometheus', uid: '${datasource}' };
const HALF_WIDTH = 12;

interface PanelText {
  readonly title: string;
  readonly description: string;
  /** One of Grafana's units; a plain number when absent. */
  readonly unit?: string;
}

/** A query, and the legend of its series. */
interface Query {
  readonly expr: string;
  readonly legend: string;
}

/** A quantile of a histogram over all records. */
export function quantile(histogram: string, of: number): Query {
  const expr = `histogram_quantile(${of}, sum by (le) (rate(${histogram}_bucket{job=~"$job"}[$__rate_interval])))`;
  return { expr, legend: `p${of * 100}` };
}

/** One number. */
export function stat(text: PanelText, expr: string): Builder<Panel> {
  return described(new StatBuilder(), text).height(4).span(4).withTarget(query(expr).instant());
}

/** The series that a query finds now, one in a line. */
export function table(text: PanelText, expr: string): Builder<Panel> {
  const shown = { kind: 0, namespace: 1, name: 2, status: 3 };
  const hidden = ['Time', 'Value', '__name__', 'type', 'job', 'instance', 'pod', 'container', 'endpoint', 'service'];
  const options = { indexByName: shown, excludeByName: Object.fromEntries(hidden.map((name) => [name, true])) };
  return described(new TableBuilder(), text)
    .height(8)
    .span(HALF_WIDTH)
    .withTarget(query(expr).instant().format(PromQueryFormat.Table))
    .withTransformation({ id: 'organize', options });
}

/** Lines over the time. */
export function series(text: PanelText, queries: readonly Query[]): Builder<Panel> {
  const panel = described(new TimeseriesBuilder(), text).height(8).span(HALF_WIDTH).min(0);
  for (const [index, { expr, legend }] of queries.entries())
    panel.withTarget(
      query(expr, String.fromCodePoint(65 + index))
        .range()
        .legendFormat(legend),
    );
  return panel;
}

function query(expr: string, refId = 'A'): DataqueryBuilder {
  return new DataqueryBuilder().expr(expr).refId(refId).datasource(datasource);
}

/** The setters that all panels have. */
interface Describable {
  title(title: string): this;
  description(description: string): this;
  datasource(source: typeof datasource): this;
  unit(unit: string): this;
}

function described<T extends Describable>(panel: T, { title, description, unit = 'short' }: PanelText): T {
  return panel.title(title).description(description).datasource(datasource).unit(unit);
}
