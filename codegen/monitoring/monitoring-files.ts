// SPDX-License-Identifier: Apache-2.0
import { alertsFile } from './alerts.ts';
import { dashboard } from './dashboard.ts';
import { metricsPage } from './metrics-page.ts';

/** Generate the page of metrics, and the alerts and the dashboard of the chart. */
export function monitoringFiles(): ReadonlyMap<string, string> {
  return new Map([
    ['docs/metrics.md', metricsPage()],
    ['helm/hallmark/files/alerts.yaml', alertsFile()],
    ['helm/hallmark/files/dashboard.json', dashboard()],
  ]);
}
