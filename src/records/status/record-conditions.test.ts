// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { recordConditions, storedCount } from './record-conditions.ts';
import type { BackendFact, RecordFacts } from './record-facts.ts';

const signed = [{ name: 'attestation', isSigned: true }];
const unsigned = [{ name: 'attestation', isSigned: false }];
const location = { uri: 'registry.example/app:sha256-1.att' };

function backend(name: string, rest: Partial<BackendFact>): BackendFact {
  return { backendRef: { kind: 'StorageBackend', name }, state: 'Stored', locations: [location], ...rest };
}

const down = { reason: 'BackendUnavailable', message: 'registry.example: connection refused' } as const;
const stored = backend('oci', {});
const pending = backend('oci', { state: 'Pending', locations: [] });
const failed = backend('tekton', { state: 'Pending', locations: [], problem: down });

const noImage = { reason: 'NoSubjects', message: 'no image' } as const;
const registry = backend('registry', {
  state: 'NotApplicable',
  locations: [],
  problem: noImage,
  missing: ['attestation'],
});

interface Case {
  readonly when: string;
  readonly facts: Omit<RecordFacts, 'generation'>;
  /** Ready, Signed, Stored, Reconciling, Stalled: T or F. */
  readonly statuses: string;
  readonly reason: string;
}

const cases: readonly Case[] = [
  {
    when: 'everything is stored',
    facts: { artifacts: signed, backends: [stored] },
    statuses: 'TTTFF',
    reason: 'Stored',
  },
  {
    when: 'one of two backends fails',
    facts: { artifacts: signed, backends: [stored, failed] },
    statuses: 'FTFTF',
    reason: 'BackendUnavailable',
  },
  {
    when: 'a run that was to be kept is gone, and one backend fails',
    facts: { artifacts: signed, backends: [stored, failed], isRunLost: true },
    statuses: 'FTFTF',
    reason: 'BackendUnavailable',
  },
  {
    when: 'the run that a backend writes to is gone',
    facts: {
      artifacts: signed,
      backends: [
        backend('tekton', { state: 'Failed', locations: [], problem: { reason: 'RunDeleted', message: 'gone' } }),
      ],
    },
    statuses: 'FTFFT',
    reason: 'RunDeleted',
  },
  {
    when: 'a backend has its turn still',
    facts: { artifacts: signed, backends: [pending] },
    statuses: 'FTFTF',
    reason: 'Progressing',
  },
  {
    when: 'no backend is in reach',
    facts: { artifacts: signed, backends: undefined },
    statuses: 'FTFFT',
    reason: 'BackendNotFound',
  },
  {
    when: 'the frozen list of backends is empty',
    facts: { artifacts: signed, backends: [] },
    statuses: 'FTFFT',
    reason: 'BackendNotFound',
  },
  {
    when: 'an artifact is taken by no backend',
    facts: { artifacts: signed, backends: [stored], uncovered: { reason: 'BackendNotFound', message: 'image-1' } },
    statuses: 'FTFFT',
    reason: 'BackendNotFound',
  },
  {
    when: 'the key is missing',
    facts: { artifacts: unsigned, backends: [pending], unsigned: { reason: 'KeyNotFound', message: 'Secret k' } },
    statuses: 'FFFFT',
    reason: 'KeyNotFound',
  },
  {
    when: 'a child is awaited',
    facts: { artifacts: [], backends: [pending], unsigned: { reason: 'ChildMissing', message: 'TaskRun c' } },
    statuses: 'FFFTF',
    reason: 'ChildMissing',
  },
  {
    when: 'the policy only audits',
    facts: { artifacts: unsigned, backends: [pending], unsigned: { reason: 'AuditOnly', message: 'audit' } },
    statuses: 'TFFFF',
    reason: 'AuditOnly',
  },
  {
    when: 'the policy is suspended',
    facts: { artifacts: unsigned, backends: undefined, unsigned: { reason: 'Suspended', message: 'suspended' } },
    statuses: 'FFFFF',
    reason: 'Suspended',
  },
  {
    when: 'a signature is missing without a reason',
    facts: { artifacts: unsigned, backends: [stored] },
    statuses: 'FFTTF',
    reason: 'Progressing',
  },
  {
    when: 'the run has nothing to sign, which is no failure',
    facts: { artifacts: [], backends: undefined, unsigned: { reason: 'NoSubjects', message: 'no image' } },
    statuses: 'FFFFF',
    reason: 'NoSubjects',
  },
  {
    when: 'no backend has a place for anything',
    facts: { artifacts: signed, backends: [registry] },
    statuses: 'FTFFT',
    reason: 'NoSubjects',
  },
  {
    when: 'one backend has no place and another stored it',
    facts: { artifacts: signed, backends: [registry, backend('tekton', {})] },
    statuses: 'TTTFF',
    reason: 'Stored',
  },
  {
    when: 'one artifact of two has no place anywhere',
    facts: {
      artifacts: [...signed, { name: 'image-1', isSigned: true }],
      backends: [registry, backend('oci', { locations: [{ ...location, artifact: 'attestation' }] })],
    },
    statuses: 'FTFFT',
    reason: 'NoSubjects',
  },
  {
    when: 'two backends hold one artifact each',
    facts: {
      artifacts: [...signed, { name: 'image-1', isSigned: true }],
      backends: [
        backend('oci', {
          locations: [{ ...location, artifact: 'image-1' }],
          problem: noImage,
          missing: ['attestation'],
        }),
        backend('tekton', { locations: [{ ...location, artifact: 'attestation' }] }),
      ],
    },
    statuses: 'TTTFF',
    reason: 'Stored',
  },
  {
    when: 'the artifact is among those that the status has no room for',
    facts: {
      artifacts: [...signed, { name: 'image-1', isSigned: true }],
      backends: [backend('oci', { locations: [{ ...location, artifact: 'attestation' }], unlistedLocations: 1 })],
    },
    statuses: 'TTTFF',
    reason: 'Stored',
  },
  {
    when: 'a backend that was asked for later has the place that no other has',
    facts: { artifacts: signed, backends: [registry, backend('tekton', { isBackfill: true })] },
    statuses: 'TTTFF',
    reason: 'Stored',
  },
];

describe('recordConditions', () => {
  for (const { when, facts, statuses, reason } of cases) {
    it(`says ${reason} (${statuses}) when ${when}`, () => {
      const conditions = recordConditions({ generation: 3, ...facts });
      const shown = ['Ready', 'Signed', 'Stored', 'Reconciling', 'Stalled'].map((name) =>
        conditions.find(({ type }) => type === name),
      );
      assert.equal(shown.map((condition) => condition?.status[0]).join(''), statuses);
      assert.equal(conditions[0]?.reason, reason);
      assert.ok(conditions.every(({ observedGeneration }) => observedGeneration === 3));
    });
  }

  const verified = backend('oci', { verification: { state: 'Verified' } });
  const vanished = backend('oci', { verification: { state: 'Failed', message: 'gone' } });
  const logDown = { reason: 'TransparencyLogUnavailable', message: 'rekor.example: down' } as const;
  const stages: readonly (readonly [when: string, facts: Case['facts'], ready: string, type: string, says: string])[] =
    [
      ['nothing asks for a log', { artifacts: signed, backends: [stored] }, 'True', 'Logged', 'absent'],
      [
        'all is logged',
        { artifacts: signed, backends: [stored], logging: { state: 'Logged' } },
        'True',
        'Logged',
        'True',
      ],
      [
        'the log is down',
        { artifacts: signed, backends: [pending], logging: { state: 'Pending', problem: logDown } },
        'False',
        'Logged',
        'False',
      ],
      [
        'it is stored without the log as the policy allows',
        { artifacts: signed, backends: [stored], logging: { state: 'Without', message: 'down' } },
        'True',
        'Logged',
        'False',
      ],
      ['nothing is stored yet', { artifacts: signed, backends: [pending] }, 'False', 'Verified', 'absent'],
      ['it is not read back yet', { artifacts: signed, backends: [stored] }, 'True', 'Verified', 'False'],
      ['it was read back', { artifacts: signed, backends: [verified] }, 'True', 'Verified', 'True'],
      ['what was stored is gone', { artifacts: signed, backends: [vanished] }, 'False', 'Verified', 'False'],
    ];
  for (const [when, facts, ready, type, says] of stages) {
    it(`says Ready=${ready} and ${type} ${says} when ${when}`, () => {
      const conditions = recordConditions({ generation: 1, ...facts });
      assert.equal(conditions[0]?.status, ready);
      assert.equal(conditions.find((condition) => condition.type === type)?.status ?? 'absent', says);
    });
  }

  it('never lets a backend of a later request take Ready away, or count', () => {
    const later = { ...failed, isBackfill: true };
    const [ready] = recordConditions({ generation: 1, artifacts: signed, backends: [stored, later] });
    assert.equal(ready?.status, 'True');
    assert.equal(ready.message, 'signed and stored in 1/1 backends');
  });

  const counts: readonly (readonly [backends: readonly BackendFact[], count: string])[] = [
    [[stored, registry], '1/1'],
    [[stored, registry, pending], '1/2'],
    [[registry], '0/0'],
    [[registry, { ...stored, isBackfill: true }], '1/1'],
  ];
  for (const [backends, count] of counts) {
    it(`counts ${count} of ${backends.map(({ state }) => state).join(', ')}`, () => {
      assert.equal(storedCount(backends), count);
    });
  }

  it('says that a run is gone which was to be kept, of what is not stored alone', () => {
    const note = /; the run is gone, no deletion guard keeps it any more$/;
    const lost = recordConditions({ generation: 1, artifacts: signed, backends: [failed], isRunLost: true });
    for (const { type, message } of lost.filter(({ status }) => status === 'False')) assert.match(message, note, type);
    assert.doesNotMatch(lost.find(({ type }) => type === 'Signed')?.message ?? '', note);
    const kept = recordConditions({ generation: 1, artifacts: signed, backends: [vanished], isRunLost: true });
    assert.ok(kept.every(({ message }) => !note.test(message)));
  });

  it('names the backend without a place for a lost artifact, and shows nothing Verified there', () => {
    const artifacts = [...signed, { name: 'image-1', isSigned: true }];
    const conditions = recordConditions({ generation: 1, artifacts, backends: [registry] });
    assert.equal(
      conditions[0]?.message,
      'no backend has a place for attestation (and 1 more of its artifacts): StorageBackend registry: no image',
    );
    assert.ok(!conditions.some(({ type }) => type === 'Verified'));
  });

  it('adds the number of backends without a place to the count', () => {
    const [ready] = recordConditions({ generation: 1, artifacts: signed, backends: [registry, stored] });
    assert.equal(ready?.message, 'signed and stored in 1/1 backends; 1 more has no place for it');
  });

  it('names the failed backend and counts the others', () => {
    const [ready] = recordConditions({ generation: 1, artifacts: signed, backends: [failed, failed, stored] });
    assert.equal(ready?.message, 'StorageBackend tekton: registry.example: connection refused (and 1 more)');
  });
});
