// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { NamespaceCoverage, PolicyCoverage } from '../../src/cli/report/coverage.ts';
import { reportHtml } from '../../src/cli/report/report-html.ts';
import { lookAt, noBrowser, type Sight } from '../testbed/browser/browser.ts';

const NAMESPACES = 200;
const hostile =
  '"><img src="http://127.0.0.1:1/x" onerror="alert(1)"><script>alert(2)</script><style>@import "http://127.0.0.1:1/y"';
const longest = 'a'.repeat(63);

/** One team has failed runs, one a name of the greatest length, and one a message that a hostile author of a run wrote. */
function coverage(index: number): NamespaceCoverage {
  const namespace = index === 7 ? longest : `team-${index}`;
  const failed = index === 150 ? 3 : 0;
  const counts = { selected: 100, signed: 100 - failed, stored: 100 - failed, verified: 90, audited: 0, waiting: 0 };
  const reasons = failed === 0 ? [] : [{ reason: 'PayloadInvalid', count: failed, message: `TaskRun x: ${hostile}` }];
  const policy: PolicyCoverage = { policy: `SigningPolicy ${namespace}/builds`, ...counts, failed, reasons };
  return { namespace, finished: 110, unselected: 10, unselectedReasons: [], policies: [policy] };
}

describe('the page of hallmark report, in a browser', { skip: noBrowser }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'hallmark-report-'));
  const file = join(folder, 'report.html');
  let sight: Sight;
  before(async () => {
    const namespaces = Array.from({ length: NAMESPACES }, (_, index) => coverage(index));
    writeFileSync(file, reportHtml({ generatedAt: '2026-01-01T01:00:00Z', unread: [], namespaces }));
    sight = await lookAt(file);
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it('asks for nothing but itself, and runs nothing', () => {
    assert.deepEqual([...new Set(sight.requests.map((url) => url.split('#')[0]))], [`file://${file}`]);
    assert.deepEqual(sight.complaints, []);
  });

  it('shows what a hostile author wrote as text', () => {
    for (const { text, elements } of sight.views) {
      assert.ok(text.includes(hostile), 'word for word');
      assert.deepEqual(
        elements.filter((name) => ['img', 'script', 'link', 'iframe'].includes(name)),
        [],
      );
    }
  });

  it('fits its window, in light and dark, wide and narrow', () => {
    assert.equal(sight.views.length, 4);
    for (const { scheme, width, pageWidth } of sight.views)
      assert.ok(pageWidth <= width, `${scheme} ${width}: ${pageWidth}`);
    const colors = (wanted: string): readonly string[] =>
      sight.views.filter(({ scheme }) => scheme === wanted).map(({ color }) => color);
    assert.deepEqual(colors('light'), ['rgb(0, 0, 0)', 'rgb(0, 0, 0)']);
    assert.deepEqual(colors('dark'), ['rgb(255, 255, 255)', 'rgb(255, 255, 255)']);
  });

  it('lists the team with failed runs first, and each link leads to the section of its team', () => {
    for (const { links } of sight.views) {
      assert.equal(links.length, NAMESPACES);
      assert.equal(links[0]?.text, 'team-150');
      for (const { text, target } of links) assert.equal(target, text);
    }
  });
});
