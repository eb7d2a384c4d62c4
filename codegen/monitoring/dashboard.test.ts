// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { field, listField } from '../../src/json/fields.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import { alerts } from './alerts.ts';
import { dashboard } from './dashboard.ts';
import { dashboardQueries } from './dashboard-queries.ts';
import { metricFamilies } from './metrics-page.ts';

/** Labels that Prometheus adds to each series. */
const ofTarget = ['namespace', 'job', 'instance', 'pod', 'le'];
const queries = [...dashboardQueries(), ...alerts.map(({ expr }) => expr)];
const registered = new Metrics().registry.getMetricsAsArray().map(({ name }) => name);

/** The families that a query names. */
function familiesOf(query: string): readonly string[] {
  const names = query.match(/\b(?:hallmark|process|nodejs)_\w+/g) ?? [];
  return names.map((name) => (registered.includes(name) ? name : name.replace(/_(bucket|count|sum)$/, '')));
}

/** The labels that a query compares or groups by. */
function labelsOf(query: string): readonly string[] {
  const compared = [...query.matchAll(/\{([^}]*)\}/g)].flatMap(([, text = '']) => text.match(/\w+(?==~?"|!=)/g) ?? []);
  const grouped = [...query.matchAll(/by \(([^)]*)\)/g)].flatMap(([, text = '']) => text.split(', '));
  return [...compared, ...grouped];
}

describe('the dashboard and the alerts', () => {
  for (const query of queries) {
    it(`name metrics and labels that the operator has: ${query}`, () => {
      const families = familiesOf(query);
      assert.notEqual(families.length, 0);
      assert.deepEqual(
        families.filter((name) => !registered.includes(name)),
        [],
      );
      const labels = metricFamilies()
        .filter(({ name }) => families.includes(name))
        .flatMap((family) => family.labels);
      assert.deepEqual(
        labelsOf(query).filter((label) => ![...labels, ...ofTarget].includes(label)),
        [],
      );
    });
  }

  it('leave no alert without a section that says what to do', () => {
    const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'operations.md'), 'utf8');
    assert.deepEqual(
      alerts.filter(({ name }) => !page.includes(`\n### ${name}\n`)).map(({ name }) => name),
      [],
    );
  });
});

describe('the dashboard', () => {
  const panels = listField(JSON.parse(dashboard()), 'panels');
  const place = (panel: unknown, name: string): number => Number(field(field(panel, 'gridPos'), name));

  it('has a title and a description for each panel', () => {
    const shown = panels.filter((panel) => field(panel, 'type') !== 'row');
    assert.ok(shown.length > 15);
    for (const panel of shown)
      for (const name of ['title', 'description']) assert.ok(String(field(panel, name)).length > 2);
  });

  it('has no two panels at one place', () => {
    const overlaps = panels.flatMap((one, index) =>
      panels.slice(index + 1).filter((other) => {
        const isBeside = (axis: string, size: string): boolean =>
          place(one, axis) + place(one, size) <= place(other, axis) ||
          place(other, axis) + place(other, size) <= place(one, axis);
        return !isBeside('x', 'w') && !isBeside('y', 'h');
      }),
    );
    assert.deepEqual(overlaps, []);
  });
});
