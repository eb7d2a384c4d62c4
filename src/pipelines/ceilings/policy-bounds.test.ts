// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { standardRetention } from '../../api/v1alpha1/signing-policy/retention.ts';
import { policyDefinition } from '../policy-definition.fixture.ts';
import { boundedPolicy } from './bounded-policy.ts';
import { ceilingDefinition } from './ceiling.fixture.ts';

const awskms = (uri: string): object => ({ type: 'KMS', kms: { uri, secretRef: { name: 'aws' } } });
const vault = (address: string): object => ({
  type: 'KMS',
  kms: { uri: 'hashivault://builds', secretRef: { name: 'v' }, vault: { address } },
});
const trustedRoot = { type: 'ConfigMap', configMap: { name: 'root' } };
const rekor = (url: string, more: object = {}): object => ({
  transparency: { type: 'Rekor', rekor: { url, ...more } },
  trustedRoot,
});
const timestamps = (url: string): object => ({ transparency: { timestampAuthorities: [{ url }] }, trustedRoot });
const keyless = (fulcioURL: string): object => ({
  ...rekor('https://rekor.example'),
  signer: { type: 'Keyless', keyless: { fulcioURL, serviceAccountName: 'builds' } },
});
const hold = (timeoutSeconds?: number): object => ({ deletionGuard: { type: 'Hold', timeoutSeconds } });
const clusterRef = (name: string): object => ({ backendRefs: [{ kind: 'ClusterStorageBackend', name }] });

/** The policy of team-a as the ceilings, given by their specs, have it. */
function bounded(ceilings: readonly object[], spec: object, rank = 1) {
  const bounds = {
    namespace: 'team-a',
    ceilings: ceilings.map((each, index) => ceilingDefinition(`c${index + 1}`, each)),
    isUncertain: false,
  };
  return boundedPolicy(policyDefinition('team-a', 'builds', spec), { bounds, retention: standardRetention, rank });
}

type Row = readonly [field: string, ceiling: object, within: object, beyond: object, message: string];

const rows: readonly Row[] = [
  [
    'the type of the signer',
    { signers: { types: ['KMS'] } },
    { signer: awskms('awskms:///alias/a') },
    {},
    'spec.signer.type is Key, and allowed are KMS',
  ],
  [
    'the key',
    { signers: { kmsURIs: ['awskms:///alias/{namespace}-*'] } },
    { signer: awskms('awskms:///alias/team-a-builds') },
    { signer: awskms('awskms:///alias/team-b-builds') },
    'spec.signer.kms.uri is awskms:///alias/team-b-builds, and allowed are awskms:///alias/team-a-*',
  ],
  [
    'the address of Vault',
    { signers: { kmsHosts: ['vault.example.com'] } },
    { signer: vault('https://vault.example.com:8200') },
    { signer: vault('https://vault.evil.example') },
    'the host of spec.signer.kms is vault.evil.example, and allowed are vault.example.com',
  ],
  [
    'the endpoint of a cloud, where a policy names one',
    { signers: { kmsHosts: [] } },
    { signer: awskms('awskms:///alias/a') },
    { signer: awskms('awskms://kms.evil.example:4566/alias/a') },
    'the host of spec.signer.kms is kms.evil.example:4566, and none is allowed',
  ],
  [
    'the certificate authority',
    { signers: { fulcioURLs: ['https://fulcio.example'] } },
    keyless('https://fulcio.example'),
    keyless('https://fulcio.evil.example'),
    'spec.signer.keyless.fulcioURL is https://fulcio.evil.example, and allowed are https://fulcio.example',
  ],
  [
    'the type of the deletion guard',
    { deletionGuard: { types: ['Release'] } },
    { deletionGuard: { type: 'Release', timeoutSeconds: 86_400 } },
    hold(),
    'spec.deletionGuard.type is Hold, and allowed are Release',
  ],
  [
    'the notes of children',
    { children: { notes: ['Memory'] } },
    { children: { notes: 'Memory' } },
    { children: { notes: 'Recorded' } },
    'spec.children.notes is Recorded, and allowed are Memory',
  ],
  [
    'the time that the deletion guard holds for',
    { deletionGuard: { maxTimeoutSeconds: 60 } },
    hold(60),
    hold(61),
    'spec.deletionGuard.timeoutSeconds is 61, and allowed are at most 60',
  ],
  [
    'the format',
    { attestation: { formats: ['slsa/v1', 'in-toto'] } },
    { attestation: { format: 'in-toto' } },
    { attestation: { format: 'slsa/v2alpha3' } },
    'spec.attestation.format is slsa/v2alpha3, and allowed are slsa/v1, in-toto',
  ],
  [
    'the build type',
    { attestation: { buildTypes: ['https://tekton.dev/chains/v2/slsa'] } },
    { attestation: { buildType: 'https://tekton.dev/chains/v2/slsa' } },
    { attestation: { buildType: 'https://tekton.dev/chains/v2/slsa-tekton' } },
    'spec.attestation.buildType is https://tekton.dev/chains/v2/slsa-tekton, and allowed are https://tekton.dev/chains/v2/slsa',
  ],
  [
    'the builder id',
    { attestation: { builderIDs: ['https://builds/{namespace}/*'] } },
    { attestation: { builderID: 'https://builds/team-a/release' } },
    { attestation: { builderID: 'https://builds/team-b/release' } },
    'spec.attestation.builderID is https://builds/team-b/release, and allowed are https://builds/team-a/*',
  ],
  [
    'the repositories',
    { subjects: { allowedRepositories: ['registry/{namespace}/*'] } },
    { subjects: { allowedRepositories: ['registry/team-a/app', 'registry/team-a/*/image'] } },
    { subjects: { allowedRepositories: ['registry/team-a/app', 'registry/team-*'] } },
    'spec.subjects.allowedRepositories is registry/team-*, and allowed are registry/team-a/*',
  ],
  [
    'the log',
    { transparency: { logs: ['https://rekor.example'] } },
    rekor('https://rekor.example'),
    rekor('https://rekor.sigstore.dev'),
    'spec.transparency.rekor.url is https://rekor.sigstore.dev, and allowed are https://rekor.example',
  ],
  [
    'the timestamp authorities',
    { transparency: { timestampAuthorities: ['https://tsa.example/*'] } },
    timestamps('https://tsa.example/v1'),
    timestamps('https://tsa.evil.example/v1'),
    'spec.transparency.timestampAuthorities is https://tsa.evil.example/v1, and allowed are https://tsa.example/*',
  ],
  [
    'a log that must be there',
    { transparency: { required: ['Log'], logs: ['https://rekor.example'] } },
    rekor('https://rekor.example'),
    {},
    'spec.transparency.rekor is not set, and a log is required: allowed are https://rekor.example',
  ],
  [
    'a log that must not be left out',
    { transparency: { required: ['Log'] } },
    rekor('https://rekor.example'),
    rekor('https://rekor.example', { onFailure: 'StoreWithout' }),
    'spec.transparency.rekor.onFailure is StoreWithout, and allowed are Retry',
  ],
  [
    'a timestamp authority that must be there',
    { transparency: { required: ['TimestampAuthority'] } },
    timestamps('https://tsa.example'),
    rekor('https://rekor.example'),
    'spec.transparency.timestampAuthorities is not set, and one is required: allowed are *',
  ],
  [
    'the cluster backends',
    { backends: { clusterBackends: ['{namespace}-archive'] } },
    clusterRef('team-a-archive'),
    clusterRef('archive'),
    'ClusterStorageBackend in spec.backendRefs is archive, and allowed are team-a-archive',
  ],
  [
    'the mode',
    { auditOnly: true },
    { mode: 'Audit' },
    { mode: 'Enforce' },
    'spec.mode is Enforce, and allowed are Audit',
  ],
];

describe('a ceiling bounds', () => {
  for (const [field, ceiling, within, beyond, message] of rows) {
    it(`${field}: takes what lies within it, and names what does not`, () => {
      assert.equal(bounded([ceiling], within).exceeds, undefined);
      const { exceeds } = bounded([ceiling], beyond);
      assert.deepEqual(exceeds, { ceilings: ['c1'], message: `PolicyCeiling c1: ${message}` });
    });

    it(`${field}: another ceiling that allows more takes nothing away from it`, () => {
      for (const ceilings of [
        [ceiling, {}],
        [{}, ceiling],
      ])
        assert.match(bounded(ceilings, beyond).exceeds?.message ?? '', new RegExp(message.slice(0, 12)));
    });
  }

  it('the number of policies: the oldest ones are within it', () => {
    assert.equal(bounded([{ counts: { policies: 2 } }], {}, 2).exceeds, undefined);
    const { exceeds } = bounded([{ counts: { policies: 2 } }], {}, 3);
    assert.match(exceeds?.message ?? '', /number 3 of the namespace's SigningPolicies by age, and allowed are 2/);
  });

  it('names every field that is beyond it, within the length of a message', () => {
    const ceiling = { signers: { types: ['KMS'] }, auditOnly: true, attestation: { formats: ['in-toto'] } };
    const { exceeds } = bounded([ceiling, ceiling], { mode: 'Enforce', attestation: { format: 'slsa/v1' } });
    assert.deepEqual(exceeds?.ceilings, ['c1', 'c2']);
    for (const field of ['spec.signer.type', 'spec.mode', 'spec.attestation.format'])
      assert.equal(exceeds.message.split(field).length, 3, field);
    const many = Array.from({ length: 256 }, (_, index) => `registry/team-b/${index}/${'x'.repeat(400)}`);
    const long = bounded(
      [{ subjects: { allowedRepositories: ['a'] } }, { subjects: { allowedRepositories: many.slice(0, 64) } }],
      {
        subjects: { allowedRepositories: many },
      },
    );
    assert.ok((long.exceeds?.message.length ?? 0) <= 1536);
  });
});

describe('a policy that leaves open', () => {
  const formats = { attestation: { formats: ['in-toto', 'slsa/v1'] } };
  const defaults: readonly (readonly [string, readonly object[], object])[] = [
    [
      'everything keeps the usual defaults within the ceilings',
      [{ attestation: { formats: ['in-toto', 'slsa/v2alpha4'] } }],
      {},
    ],
    ['the format takes the first that is allowed', [formats], { format: 'in-toto' }],
    [
      'the format takes the first that all allow',
      [formats, { attestation: { formats: ['slsa/v1'] } }],
      { format: 'slsa/v1' },
    ],
    [
      'the build type takes the first that is allowed',
      [{ attestation: { buildTypes: ['https://tekton.dev/chains/v2/slsa-tekton'] } }],
      { buildType: 'https://tekton.dev/chains/v2/slsa-tekton' },
    ],
    [
      'the builder id takes the first that is no pattern',
      [{ attestation: { builderIDs: ['https://builds/*', 'https://builds/{namespace}'] } }],
      { builderID: 'https://builds/team-a' },
    ],
  ];
  for (const [what, ceilings, expected] of defaults) {
    it(what, () => {
      const { spec, exceeds } = bounded(ceilings, {});
      assert.equal(exceeds, undefined);
      const usual = policyDefinition('team-a', 'builds').spec.attestation;
      assert.deepEqual(spec.attestation, { ...usual, ...expected });
    });
  }

  it('the repositories takes those of the ceilings that lie within all of them', () => {
    const repositories = (...allowedRepositories: string[]): object => ({ subjects: { allowedRepositories } });
    const { spec } = bounded([repositories('registry/*', 'other/*'), repositories('registry/{namespace}/*')], {});
    assert.deepEqual(spec.subjects.allowedRepositories, ['registry/team-a/*']);
    assert.deepEqual(bounded([repositories('a/*')], repositories()).spec.subjects.allowedRepositories, ['a/*']);
  });

  it('what the ceilings have no default for in common has to set it', () => {
    const repositories = (glob: string): object => ({ subjects: { allowedRepositories: [glob] } });
    for (const [field, ceilings] of [
      ['spec.subjects.allowedRepositories', [repositories('registry/*'), repositories('*/team-a')]],
      ['spec.attestation.format', [{ attestation: { formats: ['in-toto'] } }, { attestation: { formats: ['None'] } }]],
      ['spec.attestation.builderID', [{ attestation: { builderIDs: ['https://builds/*'] } }]],
      ['spec.children.notes', [{ children: { notes: ['Memory'] } }, { children: { notes: ['Recorded'] } }]],
      ['spec.deletionGuard', [{ deletionGuard: { types: ['Hold'] } }, { deletionGuard: { types: ['Release'] } }]],
    ] as const)
      assert.match(bounded(ceilings, {}).exceeds?.message ?? '', new RegExp(`${field} is not set.*set it`), field);
    const both = bounded([repositories('registry/*'), repositories('*/team-a')], repositories('registry/team-a'));
    assert.equal(both.exceeds, undefined);
  });

  it('the notes of children are recorded where nothing else is allowed, and kept in memory where both are', () => {
    for (const [notes, expected] of [
      [['Recorded'], 'Recorded'],
      [['Recorded', 'Memory'], 'Memory'],
    ] as const) {
      const { spec, exceeds } = bounded([{ children: { notes } }], { children: { onMissing: 'Refuse' } });
      assert.deepEqual([spec.children, exceeds], [{ onMissing: 'Refuse', notes: expected }, undefined]);
    }
  });

  it('the mode audits where nothing else is allowed', () => {
    const { spec, exceeds, auditOnlyBy } = bounded([{ auditOnly: true }], {});
    assert.deepEqual([spec.mode, exceeds, auditOnlyBy], ['Audit', undefined, 'c1']);
  });

  const guards: readonly (readonly [string, readonly object[], object, object])[] = [
    ['the deletion guard releases', [{}], {}, { type: 'Release', timeoutSeconds: 600 }],
    [
      'the deletion guard takes the first default that all allow',
      [
        { deletionGuard: { default: { type: 'Hold', timeoutSeconds: 90 } } },
        { deletionGuard: { types: ['Release'], default: { type: 'Release' } } },
      ],
      {},
      { type: 'Release', timeoutSeconds: 90 },
    ],
    [
      'the deletion guard holds where nothing else is allowed, for the longest time that is',
      [{ deletionGuard: { types: ['Hold'], maxTimeoutSeconds: 120 } }],
      {},
      { type: 'Hold', timeoutSeconds: 120 },
    ],
    [
      'the time of its deletion guard takes the default, within all limits',
      [
        { deletionGuard: { default: { type: 'Release', timeoutSeconds: 900 } } },
        { deletionGuard: { maxTimeoutSeconds: 300 } },
      ],
      hold(),
      { type: 'Hold', timeoutSeconds: 300 },
    ],
    [
      'nothing of its deletion guard keeps its own',
      [{ deletionGuard: { default: { type: 'Release' } } }],
      hold(5),
      { type: 'Hold', timeoutSeconds: 5 },
    ],
  ];
  for (const [what, ceilings, policy, expected] of guards) {
    it(what, () => {
      const { spec, exceeds } = bounded(ceilings, policy);
      assert.deepEqual([spec.deletionGuard, exceeds], [expected, undefined]);
    });
  }

  it('the retention takes the default of the first ceiling that has one', () => {
    const record = { default: { retention: 'Seconds', seconds: 60 } };
    assert.deepEqual(bounded([{}, { record }], {}).spec.record, { retention: 'Seconds', seconds: 60 });
    const own = { record: { retention: 'Keep' } };
    assert.deepEqual(bounded([{ record }], own).spec.record, { retention: 'Keep' });
  });
});

describe('a retention beyond the ceilings', () => {
  it('is cut to the shortest, which the policy reports, and is no excess', () => {
    const { spec, exceeds, retentionCut } = bounded([{ record: { maxSeconds: 90 } }, { record: { maxSeconds: 60 } }], {
      record: { retention: 'Keep' },
    });
    assert.deepEqual([spec.record, exceeds], [{ retention: 'Seconds', seconds: 60 }, undefined]);
    assert.match(retentionCut ?? '', /asks for Keep.*at most 60 seconds/);
  });
});

describe('a policy in a namespace whose bounds are not known', () => {
  it('is allowed nothing, neither under a ceiling that cannot be read nor before the labels are there', () => {
    const unread = { ...ceilingDefinition('broken'), spec: undefined, invalid: 'spec.x: no such field' };
    const policy = policyDefinition('team-a', 'builds');
    for (const [bounds, message] of [
      [{ namespace: 'team-a', ceilings: [unread], isUncertain: false }, /broken: it cannot be read.*no such field/],
      [{ namespace: 'team-a', ceilings: [], isUncertain: true }, /labels of the namespace are not known yet/],
    ] as const)
      assert.match(
        boundedPolicy(policy, { bounds, retention: standardRetention, rank: 1 }).exceeds?.message ?? '',
        message,
      );
  });
});
