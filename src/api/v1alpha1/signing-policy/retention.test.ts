// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SigningPolicySpec } from './schema.ts';
import { effectiveRetention, type Retention, retentionCut, type RetentionLimits } from './retention.ts';

const keep = { retention: 'Keep' } as const;
const withRun = { retention: 'WithRun' } as const;
const day = { retention: 'Seconds', seconds: 86_400 } as const;
const week = { retention: 'Seconds', seconds: 604_800 } as const;

const keepByDefault: RetentionLimits = { default: { type: 'Keep', seconds: 604_800 }, maxSeconds: 0 };
const withRunByDefault: RetentionLimits = { default: { type: 'WithRun', seconds: 604_800 }, maxSeconds: 0 };
const dayByDefault: RetentionLimits = { default: { type: 'Seconds', seconds: 86_400 }, maxSeconds: 0 };
const limited: RetentionLimits = { default: { type: 'Seconds', seconds: 604_800 }, maxSeconds: 86_400 };

const cases: readonly (readonly [
  what: string,
  asked: SigningPolicySpec['record'],
  limits: RetentionLimits | undefined,
  effective: Retention,
])[] = [
  ['a week where neither team nor platform says anything', undefined, undefined, week],
  ['a week where the section is empty', {}, undefined, week],
  ["the platform's default", undefined, dayByDefault, day],
  ["the platform's default for ever", undefined, keepByDefault, keep],
  ["the platform's default with runs", {}, withRunByDefault, withRun],
  ["the team's word before the platform's default", keep, dayByDefault, keep],
  ["the team's time before the platform's default", day, keepByDefault, day],
  ['the limit where the default is longer', undefined, limited, day],
  ['the limit where the default is for ever', undefined, { ...keepByDefault, maxSeconds: 86_400 }, day],
  ['the limit where the team asks for ever', keep, limited, day],
  ['the limit where the team asks for longer', week, limited, day],
  ["the team's shorter time", { retention: 'Seconds', seconds: 60 }, limited, { retention: 'Seconds', seconds: 60 }],
  ['the limit at the latest where records end with runs', withRun, limited, { ...withRun, seconds: 86_400 }],
];

describe('the effective retention', () => {
  for (const [what, asked, limits, effective] of cases) {
    it(`is ${what}`, () => {
      assert.deepEqual(effectiveRetention(asked, limits), effective);
    });
  }
});

describe('a retention that the platform cuts', () => {
  it('says what was asked for, and the limit', () => {
    assert.match(retentionCut(keep, limited) ?? '', /asks for Keep.* at most 86400 seconds/);
    assert.match(retentionCut(week, limited) ?? '', /asks for 604800 seconds.* at most 86400 seconds/);
    assert.match(retentionCut(withRun, limited) ?? '', /asks for WithRun.* at most 86400 seconds/);
  });

  it('is none where the team asks for nothing, or for no more than the limit', () => {
    assert.equal(retentionCut(undefined, limited), undefined);
    assert.equal(retentionCut(day, limited), undefined);
    assert.equal(retentionCut(keep, keepByDefault), undefined);
  });
});
