// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { effectiveSigningPolicySpec } from '../../api/v1alpha1/signing-policy/defaults.ts';
import { standardRetention } from '../../api/v1alpha1/signing-policy/retention.ts';
import type { SigningPolicySpec } from '../../api/v1alpha1/signing-policy/schema.ts';
import type { RunSummary } from '../../tekton/run-summary.ts';
import type { PolicyDefinition } from '../definitions.ts';
import { maySelect, type SelectableRun, whyNotSelected } from './run-selection.ts';

const signer: SigningPolicySpec['signer'] = { type: 'Key', key: { secretRef: { name: 'k' } } };
const CREATED = '2025-03-01T00:00:00Z';
const NOW = new Date('2025-03-02T00:00:00Z');

function policy(spec: Partial<SigningPolicySpec>, maxSeconds = 0): PolicyDefinition {
  return {
    kind: 'SigningPolicy',
    namespace: 'team-a',
    name: 'builds',
    uid: 'u',
    generation: 1,
    homeNamespace: 'team-a',
    spec: effectiveSigningPolicySpec({ signer, ...spec }, CREATED, { ...standardRetention, maxSeconds }),
  };
}

const running: RunSummary = {
  apiVersion: 'tekton.dev/v1',
  kind: 'TaskRun',
  namespace: 'team-a',
  name: 'bake-1',
  uid: 'r',
  resourceVersion: '1',
  labels: { app: 'bread' },
  managedBy: '',
  serviceAccountName: 'default',
  finalizers: [],
};
const run: SelectableRun = {
  ...running,
  finished: { outcome: 'Succeeded', completionTime: '2025-03-01T12:00:00Z' },
};

interface Case {
  readonly when: string;
  readonly spec?: Partial<SigningPolicySpec>;
  readonly run?: Partial<SelectableRun>;
  /** The platform's limit on retention. */
  readonly maxSeconds?: number;
  /** Undefined: it is selected. */
  readonly why?: RegExp;
}

const cases: readonly Case[] = [
  { when: 'a policy without selectors meets a succeeded run' },
  { when: 'the kind is listed', spec: { runs: { kinds: ['TaskRun'] } } },
  { when: 'the kind is not listed', spec: { runs: { kinds: ['PipelineRun'] } }, why: /PipelineRun only/ },
  { when: 'the labels match', spec: { selector: { matchLabels: { app: 'bread' } } } },
  { when: 'the labels do not match', spec: { selector: { matchLabels: { app: 'rolls' } } }, why: /labels/ },
  { when: 'Tekton manages the run by name', run: { managedBy: 'tekton.dev/pipeline' } },
  { when: 'another controller manages the run', run: { managedBy: 'kueue' }, why: /kueue/ },
  {
    when: 'another controller manages the run and is accepted',
    run: { managedBy: 'kueue' },
    spec: { runs: { managedBy: ['kueue'] } },
  },
  {
    when: 'the run failed',
    run: { finished: { outcome: 'Failed', completionTime: '2025-03-01T12:00:00Z' } },
    why: /ended as Failed/,
  },
  {
    when: 'the run failed and failed runs are asked for',
    run: { finished: { outcome: 'Failed', completionTime: '2025-03-01T12:00:00Z' } },
    spec: { runs: { outcomes: ['Failed'] } },
  },
  {
    when: 'the run finished before the policy was made',
    run: { finished: { outcome: 'Succeeded', completionTime: '2025-02-28T12:00:00Z' } },
    why: /before spec\.runs\.finishedAfter/,
  },
  {
    when: 'the run finished in the very second that the policy was made',
    run: { finished: { outcome: 'Succeeded', completionTime: CREATED } },
  },
  {
    when: 'the run finished before the policy, which asks for history',
    run: { finished: { outcome: 'Succeeded', completionTime: '2025-02-28T12:00:00Z' } },
    spec: { runs: { finishedAfter: '2025-01-01T00:00:00Z' } },
  },
  { when: 'the record would be kept long enough', spec: { record: { retention: 'Seconds', seconds: 86_400 } } },
  {
    when: 'the record would be retired already',
    spec: { record: { retention: 'Seconds', seconds: 3600 } },
    why: /longer ago/,
  },
  {
    when: 'the record would be retired already, although it is kept with its run, by the limit of the platform',
    spec: { record: { retention: 'WithRun' } },
    maxSeconds: 3600,
    why: /longer ago than the 3600 seconds/,
  },
  {
    when: 'it finished eight days ago and the policy says nothing of retention',
    spec: { runs: { finishedAfter: '2025-01-01T00:00:00Z' } },
    run: { finished: { outcome: 'Succeeded', completionTime: '2025-02-22T00:00:00Z' } },
    why: /longer ago than the 604800 seconds/,
  },
];

describe('whyNotSelected', () => {
  for (const { when, spec = {}, run: changes = {}, maxSeconds = 0, why } of cases) {
    it(`${why === undefined ? 'selects' : 'ignores'} the run when ${when}`, () => {
      const answer = whyNotSelected(policy(spec, maxSeconds), { ...run, ...changes }, NOW);
      if (why === undefined) assert.equal(answer, undefined);
      else assert.match(answer ?? '', why);
    });
  }
});

describe('maySelect', () => {
  const now = new Date('2025-03-01T13:00:00Z');

  it('takes a run that still runs by its kind, labels and manager alone', () => {
    assert.equal(maySelect(policy({ runs: { outcomes: ['Failed'] } }), running, now), true);
    assert.equal(maySelect(policy({ runs: { kinds: ['PipelineRun'] } }), running, now), false);
    assert.equal(maySelect(policy({ selector: { matchLabels: { app: 'rolls' } } }), running, now), false);
    assert.equal(maySelect(policy({}), { ...running, managedBy: 'kueue' }, now), false);
  });

  it('takes a finished run as it is selected', () => {
    assert.equal(maySelect(policy({}), run, now), true);
    assert.equal(maySelect(policy({ runs: { outcomes: ['Failed'] } }), run, now), false);
  });
});
