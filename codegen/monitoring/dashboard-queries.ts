// SPDX-License-Identifier: Apache-2.0
import { field, listField } from '../../src/json/fields.ts';
import { dashboard } from './dashboard.ts';

/** The queries of the dashboard's panels, with values in the place of Grafana's variables. */
export function dashboardQueries(): readonly string[] {
  const built: unknown = JSON.parse(dashboard());
  return listField(built, 'panels')
    .flatMap((panel) => [panel, ...listField(panel, 'panels')])
    .flatMap((panel) => listField(panel, 'targets'))
    .map((target) => String(field(target, 'expr')).replaceAll('$__rate_interval', '5m').replaceAll('$job', '.+'));
}
