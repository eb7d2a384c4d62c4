// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { parseProvenanceRecord } from '../../api/v1alpha1/parsing/parse.ts';
import { recordConditionTypes } from '../../api/v1alpha1/provenance-record/status.ts';
import type { ProvenanceRecord } from '../../api/v1alpha1/provenance-record/schema.ts';
import { hallmarkResource } from '../../kube/hallmark-resource.ts';
import { KubeError } from '../../kube/kube-error.ts';
import { ModelApi } from '../../kube/model-api.fixture.ts';
import { runResources } from '../../kube/tekton-resources.ts';
import { Pipelines } from '../../pipelines/pipelines.ts';
import { policyDefinition } from '../../pipelines/policy-definition.fixture.ts';
import { storedRecord } from '../../records/stored-record.fixture.ts';
import { ManualClock } from '../../runtime/manual-clock.fixture.ts';
import type { RunSummary } from '../../tekton/run-summary.ts';
import { Coverage } from './coverage.ts';
import type { CoverageReport } from './coverage-report.ts';
import { gatherReport } from './gather-report.ts';
import { reportHtml } from './report-html.ts';
import { reportText } from './report-text.ts';

const now = new Date('2026-01-01T01:00:00Z');

/** A record of the run `name`, with these conditions True and all others False. */
function record(
  name: string,
  reason: string,
  holding: readonly string[],
  mode: 'Enforce' | 'Audit' = 'Enforce',
): ProvenanceRecord {
  const parsed = parseProvenanceRecord(storedRecord({ runName: name, spec: { mode } }));
  assert.ok(parsed.ok);
  const conditions = recordConditionTypes.map((type) => {
    const status = holding.includes(type) ? ('True' as const) : ('False' as const);
    return { type, status, reason, message: '', observedGeneration: 1, lastTransitionTime: '2026-01-01T00:00:00Z' };
  });
  return { ...parsed.value, status: { reason, message: `because of ${reason}`, conditions } };
}

function unfinished(name: string, labels: Readonly<Record<string, string>> = {}, namespace = 'team-a'): RunSummary {
  return {
    ...{ apiVersion: 'tekton.dev/v1', kind: 'TaskRun', namespace, name, uid: `uid-of-${name}`, resourceVersion: '1' },
    ...{ labels, managedBy: '', serviceAccountName: 'default', finalizers: [] },
  };
}

function run(name: string, labels: Readonly<Record<string, string>> = { app: 'a' }, namespace?: string): RunSummary {
  const finished = { outcome: 'Succeeded', completionTime: '2026-01-01T00:00:00Z' } as const;
  return { ...unfinished(name, labels, namespace), finished };
}

const stored = ['Ready', 'Signed', 'Stored'];

describe('the coverage of runs', () => {
  let coverage: Coverage;
  beforeEach(() => {
    const pipelines = new Pipelines('hallmark-system');
    pipelines.setPolicy(policyDefinition('team-a', 'builds', { selector: { matchLabels: { app: 'a' } } }));
    coverage = new Coverage(pipelines, now);
  });

  it('counts records by their conditions, and names the reasons of those that are not done', () => {
    coverage.addRecord(record('one', 'Stored', [...stored, 'Verified']));
    coverage.addRecord(record('two', 'Stored', stored));
    coverage.addRecord(record('three', 'BackendUnavailable', ['Signed', 'Reconciling']));
    coverage.addRecord(record('four', 'KeyNotFound', ['Stalled']));
    coverage.addRecord(record('five', 'AuditOnly', ['Ready'], 'Audit'));
    const [namespace] = coverage.namespaces;
    const [policy] = namespace?.policies ?? [];
    const counts = { selected: 5, signed: 3, stored: 2, verified: 1, audited: 1, failed: 1, waiting: 1 };
    assert.deepEqual(policy, {
      policy: 'SigningPolicy team-a/builds',
      ...counts,
      reasons: [
        { reason: 'BackendUnavailable', count: 1, message: 'TaskRun three: because of BackendUnavailable' },
        { reason: 'KeyNotFound', count: 1, message: 'TaskRun four: because of KeyNotFound' },
      ],
    });
    assert.equal(namespace?.finished, 5);
  });

  it('counts a run with its record once', () => {
    coverage.addRecord(record('one', 'Stored', stored));
    coverage.addRun(run('one'));
    const [namespace] = coverage.namespaces;
    assert.deepEqual([namespace?.finished, namespace?.policies[0]?.selected, namespace?.unselected], [1, 1, 0]);
  });

  it('counts a selected run without a record as waiting', () => {
    coverage.addRun(run('new'));
    const [policy] = coverage.namespaces[0]?.policies ?? [];
    assert.deepEqual([policy?.selected, policy?.waiting, policy?.reasons[0]?.reason], [1, 1, 'no record']);
  });

  it('counts finished runs that no policy selects, with the reason', () => {
    coverage.addRun(unfinished('running'));
    coverage.addRun(run('other', {}));
    coverage.addRun(run('another', {}));
    coverage.addRun(run('far', {}, 'team-b'));
    const [a, b] = coverage.namespaces;
    assert.deepEqual([a?.finished, a?.unselected, a?.unselectedReasons[0]?.count], [2, 2, 2]);
    assert.match(a?.unselectedReasons[0]?.reason ?? '', /labels do not match/);
    assert.equal(b?.unselectedReasons[0]?.reason, 'no policy reaches the namespace');
  });

  it('does not call a run unselected that has a record of an earlier policy', () => {
    coverage.addRecord(record('one', 'Stored', stored));
    coverage.addRun(run('one', {}));
    assert.equal(coverage.namespaces[0]?.unselected, 0);
  });

  it('lists a policy that selected nothing', () => {
    assert.deepEqual(
      coverage.namespaces.map(({ policies }) => policies.map(({ selected }) => selected)),
      [[0]],
    );
  });
});

describe('the gathering of a report', () => {
  const { signal } = new AbortController();
  const scope = { namespace: 'team-a', operatorNamespace: 'hallmark-system', now, signal };

  async function api(refused: string): Promise<ModelApi> {
    const model = new ModelApi(new ManualClock());
    await model.add(hallmarkResource('ProvenanceRecord'), storedRecord({}));
    await model.client.create(runResources.TaskRun, { metadata: { namespace: 'team-a', name: 'x' } }, { signal });
    model.intercept = ({ resource }, serve) => {
      if (resource.startsWith(refused)) throw new KubeError({ status: 403, reason: 'Forbidden', message: 'no' });
      return serve();
    };
    return model;
  }

  it('names the kinds that the caller may not read', async () => {
    const { unread, namespaces } = await gatherReport((await api('pipelineruns')).client, scope);
    assert.deepEqual(unread, ['PipelineRun']);
    assert.equal(namespaces[0]?.policies[0]?.selected, 1);
  });

  it('fails without the right to read records, because every run would look unsigned', async () => {
    await assert.rejects(gatherReport((await api('provenancerecords')).client, scope), KubeError);
  });
});

const hostile = '"><img src=x onerror=alert(1)></li><script>\'&\u202E\u001B[2J';
const report: CoverageReport = {
  generatedAt: '2026-01-01T01:00:00Z',
  unread: ['ClusterSigningPolicy'],
  namespaces: [
    {
      namespace: hostile,
      finished: 4,
      unselected: 1,
      unselectedReasons: [{ reason: hostile, count: 1, message: hostile }],
      policies: [
        {
          ...{ policy: hostile, selected: 3, signed: 3, stored: 2, verified: 1, audited: 0, failed: 1, waiting: 0 },
          reasons: [{ reason: 'KeyNotFound', count: 1, message: hostile }],
        },
      ],
    },
  ],
};

describe('the page of a report', () => {
  const html = reportHtml(report);

  it('has only its own elements, which are balanced, whatever names contain', () => {
    const own = [
      'html',
      'head',
      'meta',
      'title',
      'style',
      'body',
      'h1',
      'h2',
      'p',
      'section',
      'div',
      'a',
      'table',
      'thead',
      'tbody',
      'tr',
      'th',
      'td',
      'span',
      'ul',
      'li',
      'strong',
    ];
    const open: (string | undefined)[] = [];
    const tag = /<(?<end>\/?)(?<name>[a-z][a-z0-9]*)(?: [a-z-]+="[^"<>]*")*(?<empty> \/)?>/g;
    for (const { groups: { end, name = '', empty } = {} } of html.matchAll(tag)) {
      assert.ok(own.includes(name), `unexpected element ${name}`);
      if (end === '/') assert.equal(open.pop(), name);
      else if (empty === undefined) open.push(name);
    }
    const rest = html.replace(/^<!DOCTYPE html>\n/, '').replace(tag, '');
    assert.deepEqual(open, []);
    assert.doesNotMatch(rest, /[<>\u202E\u001B]/);
    assert.ok(rest.includes('&#34;&#62;&#60;img src=x onerror=alert(1)&#62;'));
  });

  it('loads nothing and runs nothing', () => {
    assert.match(html, /Content-Security-Policy" content="default-src &#39;none&#39;/);
    assert.doesNotMatch(html, /<(?:script|link|img|iframe)|url\(|@import/);
  });

  it('begins with all namespaces, those that need work first, each with a link to its section', () => {
    const [one] = report.namespaces;
    assert.ok(one !== undefined);
    const quiet = { ...one, namespace: 'quiet', policies: [] };
    const page = reportHtml({ ...report, namespaces: [quiet, { ...one, namespace: 'loud' }] });
    const rows = [...page.matchAll(/<tr><td><a href="#([^"]+)">([^<]+)<.*/g)];
    assert.deepEqual(
      rows.map(([, anchor, name]) => [anchor, name]),
      [
        ['namespace-1', 'loud'],
        ['namespace-0', 'quiet'],
      ],
    );
    assert.match(rows[0]?.[0] ?? '', /<td class="loud">1<\/td><td>0<\/td><td>3<\/td><td>2<\/td>/);
    assert.match(page, /<section id="namespace-1">\n<h2>loud</);
    assert.doesNotMatch(html, /href=/, 'one namespace needs no list');
  });

  it('explains the colours, and says that there is nothing', () => {
    assert.match(html, /<span class="key good"><\/span>stored<span class="key bad"><\/span>failed/);
    const nothing = reportHtml({ ...report, namespaces: [] });
    assert.match(nothing, /<p>There is no finished run and no record\.<\/p>/);
    assert.doesNotMatch(nothing, /class="key/);
  });

  it('shows the counts, the reasons and what could not be read', () => {
    assert.match(html, /4 finished runs, of which no policy selects 1\. Records: selected 3, signed 3, stored 2/);
    assert.match(html, /<span class="good" style="flex: 2"><\/span><span class="bad" style="flex: 1">/);
    assert.match(html, /<span class="bar" role="img" aria-label="2 of 3 stored"/);
    assert.match(html, /1 × <strong>KeyNotFound<\/strong>/);
    assert.match(html, /Not allowed to read ClusterSigningPolicy/);
  });
});

describe('the text of a report', () => {
  it('is a table with reasons and totals, and escapes', () => {
    const text = reportText({
      ...report,
      namespaces: report.namespaces.map((each) => ({ ...each, namespace: 'team-a' })),
    });
    assert.match(
      text,
      /^team-a: 4 finished, 1 unselected\n {2}policy +selected +signed +stored +verified +audited +failed +waiting\n/,
    );
    assert.match(text, /1 x KeyNotFound, such as/);
    assert.match(text, /finished: 4, unselected: 1, selected: 3, signed: 3/);
    assert.match(text, /not allowed to read ClusterSigningPolicy/);
    assert.doesNotMatch(text, /[\u202E\u001B]/);
  });
});
