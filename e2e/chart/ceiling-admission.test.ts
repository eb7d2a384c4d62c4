// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { backend, ceiling, type Fields, policy } from '../../src/api/v1alpha1/cases/case-objects.fixture.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';
import { ChartCluster } from './chart-cluster.ts';
import { at } from './helm.ts';

const trustedRoot = { type: 'ConfigMap', configMap: { name: 'root' } };
const kms = (uri: string): Fields => ({ signer: { type: 'KMS', kms: { uri, secretRef: { name: 'aws' } } } });
const rekor = (url: string, more: Fields = {}): Fields => ({
  transparency: { type: 'Rekor', rekor: { url, ...more } },
  trustedRoot,
});
const keyless = (fulcioURL: string): Fields => ({
  ...rekor('https://rekor.example'),
  signer: { type: 'Keyless', keyless: { fulcioURL, serviceAccountName: 'builds' } },
});

/** A bound, a policy within it and one beyond it. */
const rows: readonly (readonly [field: string, bound: Fields, within: Fields, beyond: Fields])[] = [
  ['spec.signer.type', { signers: { types: ['Key'] } }, {}, kms('awskms:///alias/a')],
  [
    'spec.signer.kms.uri',
    { signers: { kmsURIs: ['awskms:///alias/{namespace}-*'] } },
    kms('awskms:///alias/team-a-b.c'),
    kms('awskms:///alias/team-b-b'),
  ],
  [
    'spec.signer.keyless.fulcioURL',
    { signers: { fulcioURLs: ['https://fulcio.example'] } },
    keyless('https://fulcio.example'),
    keyless('https://fulcio.evil.example'),
  ],
  [
    'spec.deletionGuard.type',
    { deletionGuard: { types: ['Release'] } },
    { deletionGuard: { type: 'Release' } },
    { deletionGuard: { type: 'Hold' } },
  ],
  [
    'spec.deletionGuard.timeoutSeconds',
    { deletionGuard: { maxTimeoutSeconds: 60 } },
    { deletionGuard: { type: 'Hold', timeoutSeconds: 60 } },
    { deletionGuard: { type: 'Hold', timeoutSeconds: 61 } },
  ],
  [
    'spec.children.notes',
    { children: { notes: ['Memory'] } },
    { children: { notes: 'Memory' } },
    { children: { notes: 'Recorded' } },
  ],
  [
    'spec.attestation.format',
    { attestation: { formats: ['slsa/v1'] } },
    { attestation: { format: 'slsa/v1' } },
    { attestation: { format: 'in-toto' } },
  ],
  [
    'spec.attestation.buildType',
    { attestation: { buildTypes: ['https://tekton.dev/chains/v2/slsa'] } },
    { attestation: { buildType: 'https://tekton.dev/chains/v2/slsa' } },
    { attestation: { buildType: 'https://tekton.dev/chains/v2/slsa-tekton' } },
  ],
  [
    'spec.attestation.builderID',
    { attestation: { builderIDs: ['https://b.example/{namespace}'] } },
    { attestation: { builderID: 'https://b.example/team-a' } },
    { attestation: { builderID: 'https://bxexample/team-a' } },
  ],
  [
    'spec.subjects.allowedRepositories',
    { subjects: { allowedRepositories: ['r.example/{namespace}/*'] } },
    { subjects: { allowedRepositories: ['r.example/team-a/app', 'r.example/team-a/*/b'] } },
    { subjects: { allowedRepositories: ['r.example/team-a/app', 'r.example/*'] } },
  ],
  [
    'spec.transparency.rekor',
    { transparency: { required: ['Log'], logs: ['https://rekor.example'] } },
    rekor('https://rekor.example'),
    {},
  ],
  [
    'spec.transparency.rekor.url',
    { transparency: { logs: ['https://rekor.example'] } },
    rekor('https://rekor.example'),
    rekor('https://rekor.evil.example'),
  ],
  [
    'spec.transparency.timestampAuthorities',
    { transparency: { timestampAuthorities: [] } },
    {},
    { transparency: { timestampAuthorities: [{ url: 'https://tsa.example' }] }, trustedRoot },
  ],
  [
    'spec.transparency.timestampAuthorities must name one',
    { transparency: { required: ['TimestampAuthority'] } },
    { transparency: { timestampAuthorities: [{ url: 'https://tsa.example' }] }, trustedRoot },
    {},
  ],
  [
    'ClusterStorageBackend in spec.backendRefs',
    { backends: { clusterBackends: ['archive'] } },
    { backendRefs: [{ kind: 'ClusterStorageBackend', name: 'archive' }] },
    { backendRefs: [{ kind: 'ClusterStorageBackend', name: 'other' }] },
  ],
  ['spec.mode', { auditOnly: true }, {}, { mode: 'Enforce' }],
];

describe('the admission policies of ceilings', () => {
  let cluster: ChartCluster;
  before(async () => {
    cluster = await ChartCluster.start('ceiling-admission');
    for (const namespace of ['team-a', 'team-b']) await cluster.kubectl(['create', 'namespace', namespace]);
    await cluster.kubectl(['label', 'namespace', 'team-a', 'tenant=yes']);
    await cluster.install(['admissionPolicy.ceilings.enabled=true']);
  });
  after(() => cluster.stop());

  const named = (object: Fields, namespace: string): Fields => ({ ...object, metadata: { name: 'case', namespace } });
  const apply = (object: Fields, ...args: readonly string[]) =>
    cluster.kubectl(['apply', '-f', '-', ...args], { stdin: JSON.stringify(object) });
  /** The words of the refusal; empty when the object is taken. */
  const refusal = (object: Fields, namespace = 'team-a'): Promise<string> =>
    apply(named(object, namespace), '--dry-run=server').then(() => '', String);
  const bound = (spec: Fields): Promise<unknown> =>
    apply(ceiling({ namespaceSelector: { matchLabels: { tenant: 'yes' } }, ...spec }));

  it('compile without a warning of the API server', async () => {
    for (const kind of ['policies', 'backends']) {
      const name = `hallmark-system-hallmark-ceiling-${kind}`;
      const found = await waitUntil('the API server has checked the expressions', async () => {
        const read = await cluster.json(['get', 'validatingadmissionpolicies', name]);
        return at(read, 'status', 'observedGeneration') === undefined
          ? undefined
          : { warnings: at(read, 'status', 'typeChecking') };
      });
      assert.deepEqual(found.warnings ?? {}, {});
    }
  });

  for (const [field, spec, within, beyond] of rows) {
    it(`refuse a policy by its ${field}, in the namespaces of the ceiling alone`, async () => {
      await bound(spec);
      const expected = new RegExp(`PolicyCeiling case: ${field.replaceAll('.', '\\.')}`);
      await waitUntil('the ceiling is in force', async () => expected.test(await refusal(policy(beyond))));
      assert.equal(await refusal(policy(within)), '');
      assert.equal(await refusal(policy(beyond), 'team-b'), '');
    });
  }

  it('refuse a backend by its type, and leave what is there to be labelled', async () => {
    await bound({});
    await waitUntil(
      'the ceiling allows it',
      async () => (await refusal(backend({ type: 'Tekton' }))) === '' || undefined,
    );
    await apply(named(backend({ type: 'Tekton' }), 'team-a'));
    await bound({ backends: { types: ['OCI'] } });
    const other = { ...backend({ type: 'Tekton', artifacts: ['Attestation'] }) };
    const words = await waitUntil('the ceiling is in force', async () => (await refusal(other)) || undefined);
    assert.match(words, /PolicyCeiling case: spec\.type is beyond what it allows: OCI/);
    await cluster.kubectl(['label', 'storagebackend', 'case', '-n', 'team-a', 'kept=yes']);
  });
});
