// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Metrics } from '../../src/telemetry/metrics.ts';
import { metricRemedies } from './metric-remedies.ts';
import { metricFamilies } from './metrics-page.ts';

describe('the page of metrics', () => {
  const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'metrics.md'), 'utf8');

  it('has every metric that the operator registers', () => {
    const registered = new Metrics().registry.getMetricsAsArray().map(({ name }) => name);
    assert.ok(registered.includes('hallmark_condition'));
    const missing = registered.filter((name) => !/^(process|nodejs)_/.test(name) && !page.includes(`| \`${name}\``));
    assert.deepEqual(missing, []);
  });

  it('says of each what to do, and of no other', () => {
    const names = metricFamilies().map(({ name }) => name);
    assert.deepEqual(Object.keys(metricRemedies).toSorted(), names.toSorted());
  });

  it('has the labels, the unit and the type of a metric', () => {
    assert.match(page, /`hallmark_queue_wait_seconds` +\| histogram \| `controller` +\| seconds/);
  });
});
