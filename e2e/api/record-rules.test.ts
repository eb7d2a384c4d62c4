// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { artifactCase, recordCase, recordSpec } from '../../src/api/v1alpha1/cases/case-objects.fixture.ts';
import { asManifest, at } from '../chart/helm.ts';
import { installedCrds, type ApiUnderTest } from './installed-crds.ts';
import { refusal } from './refusal.ts';

const signature = { signature: 'MEQ=', keyID: 'SHA256:abc', publicKey: '-----BEGIN PUBLIC KEY-----' };
const backendRefs = [{ kind: 'StorageBackend', name: 'registry', uid: 'u1' }];
const retention = { type: 'Seconds', seconds: 60 };
const image = { ...artifactCase, name: 'image-0123456789ab', type: 'ImageSignature', form: 'SimpleSigning' };

type Json = Readonly<Record<string, unknown>>;

describe('a ProvenanceRecord in the API server', () => {
  let api: ApiUnderTest;
  before(async () => {
    api = await installedCrds('api-record-rules');
  });
  after(() => api.stop());
  beforeEach(async () => {
    for (const record of (await api.objects.list('default', 'pvr')) ?? [])
      await api.objects.delete('default', ['pvr', String(at(record, 'metadata', 'name'))]);
  });

  const create = (overrides: Json) => api.objects.create(asManifest(recordCase(overrides)));
  const replace = (overrides: Json) => refusal(api.objects.replace(asManifest(recordCase(overrides))));
  const patchStatus = (status: Json) => refusal(api.objects.patch('default', ['pvr', 'case', 'status'], { status }));

  describe('never changes its spec', () => {
    const changes: readonly (readonly [string, Json])[] = [
      ['another run', { runRef: { ...recordSpec.runRef, uid: 'other' } }],
      ['another policy', { policyRef: { kind: 'SigningPolicy', name: 'other' } }],
      ['another outcome', { outcome: 'Failed' }],
      ['another time', { completionTime: '2026-01-31T12:00:01Z' }],
      ['another mode', { mode: 'Audit' }],
      ['another ServiceAccount', { serviceAccountName: 'other' }],
      ['another retention', { retention: { type: 'WithRun' } }],
      ['no retention', { retention: undefined }],
      ['payloads that go once they are stored', { evidence: 'UntilStored' }],
      ['other backends', { backendRefs: [{ kind: 'StorageBackend', name: 'other' }] }],
      ['another UID of a backend', { backendRefs: [{ ...backendRefs[0], uid: 'u2' }] }],
      ['one backend more', { backendRefs: [...backendRefs, { kind: 'StorageBackend', name: 'other' }] }],
      ['no backends', { backendRefs: undefined }],
    ];
    for (const [name, change] of changes) {
      it(name, async () => {
        await create({ spec: { ...recordSpec, backendRefs, retention } });
        const output = (await replace({ spec: { ...recordSpec, backendRefs, retention, ...change } })) ?? 'accepted';
        assert.match(output, /spec must not change; backendRefs alone may/);
      });
    }

    it('except backends where there were none', async () => {
      await create({});
      assert.equal(await replace({ spec: { ...recordSpec, backendRefs } }), undefined);
      assert.match((await replace({ spec: { ...recordSpec, backendRefs: [] } })) ?? 'accepted', /spec must not change/);
    });

    it('except backends that the status does not find, and never one that holds the evidence', async () => {
      const named = (...names: string[]) => names.map((name) => ({ kind: 'StorageBackend', name }));
      const bindTo = (...names: string[]) => replace({ spec: { ...recordSpec, backendRefs: named(...names) } });
      await create({ spec: { ...recordSpec, backendRefs: named('tekton', 'registy') } });
      const refused = /spec must not change; backendRefs alone may be set once where it was absent, or changed/;
      assert.match((await bindTo('tekton', 'registry')) ?? 'accepted', refused);
      const of = (name: string): Json => ({ backendRef: { kind: 'StorageBackend', name } });
      const storage = [
        { ...of('tekton'), state: 'Stored' },
        { ...of('registy'), state: 'Pending', reason: 'BackendNotFound', message: 'it does not exist' },
        { ...of('archive'), state: 'Stored', isBackfill: true },
      ];
      assert.equal(await patchStatus({ storage }), undefined);
      assert.match((await bindTo('registry')) ?? 'accepted', /a backend that holds the evidence must stay/);
      assert.match((await replace({ spec: recordSpec })) ?? 'accepted', refused);
      assert.equal(await bindTo('tekton', 'registry'), undefined);
    });
  });

  describe('only ever gains evidence', () => {
    it('an artifact, then its signature, then another artifact', async () => {
      await create({});
      assert.equal(await replace({ evidence: { artifacts: [artifactCase], seal: 'v1:1' } }), undefined);
      const signed = { ...artifactCase, ...signature };
      assert.equal(await replace({ evidence: { artifacts: [signed], seal: 'v1:2' } }), undefined);
      assert.equal(await replace({ evidence: { artifacts: [signed, image], seal: 'v1:3' } }), undefined);
    });

    const before = { ...artifactCase, ...signature };
    const changes: readonly (readonly [string, Json | undefined, RegExp])[] = [
      ['another digest', { payloadDigest: `sha256:${'1'.repeat(64)}` }, /payloadDigest must not change/],
      ['another form', { form: 'SimpleSigning' }, /form must not change/],
      ['another type', { type: 'ImageSignature' }, /type must not change/],
      ['another media type', { payloadType: 'text/plain' }, /payloadType must not change/],
      ['another signature', { signature: 'MEU=' }, /signature must not change once it is set/],
      ['another key id', { keyID: 'SHA256:def' }, /keyID must not change once it is set/],
      ['another public key', { publicKey: 'x' }, /publicKey must not change once it is set/],
      [
        'no signature',
        { signature: undefined, keyID: undefined, publicKey: undefined },
        /signature must not change once it is set/,
      ],
      ['another artifact in its place', { name: 'other' }, /an artifact must not be removed/],
    ];
    for (const [name, change, expected] of changes) {
      it(`never ${name}`, async () => {
        await create({ evidence: { artifacts: [before] } });
        assert.match((await replace({ evidence: { artifacts: [{ ...before, ...change }] } })) ?? 'accepted', expected);
      });
    }

    it('and loses a payload once it is signed and stored, for good', async () => {
      const payloadLocations = [{ kind: 'StorageBackend', name: 'registry', uri: 'oci://registry.example/app:sig' }];
      const spec = { ...recordSpec, backendRefs, evidence: 'UntilStored' };
      await create({ spec, evidence: { artifacts: [artifactCase] } });
      const unsigned = { ...artifactCase, payload: undefined, payloadLocations };
      const nowhere = { ...before, payload: undefined };
      for (const refused of [unsigned, nowhere]) {
        const output = (await replace({ spec, evidence: { artifacts: [refused] } })) ?? 'accepted';
        assert.match(output, /an artifact without its payload must be signed and say in payloadLocations/);
      }
      const lighter = { ...nowhere, payloadLocations };
      assert.equal(await replace({ spec, evidence: { artifacts: [before] } }), undefined);
      assert.equal(await replace({ spec, evidence: { artifacts: [lighter] } }), undefined);
      const again = (await replace({ spec, evidence: { artifacts: [before] } })) ?? 'accepted';
      assert.match(again, /payload must not come back once it is dropped/);
    });

    it('a second signature for a certificate that nothing has witnessed, and then without the certificate', async () => {
      const window = { notBefore: '2026-01-31T12:00:00Z', notAfter: '2026-01-31T12:10:00Z' };
      const certificate = { chain: 'pem', identity: 'me', issuer: 'us', ...window };
      const witnesses = ['TimestampAuthority'];
      const unseen = { ...artifactCase, ...signature, certificate, witnesses };
      await create({ evidence: { artifacts: [unseen] } });
      const renewed = { ...unseen, signature: 'MEU=', certificate: { ...certificate, chain: 'other' } };
      assert.equal(await replace({ evidence: { artifacts: [renewed] } }), undefined);
      const byKey = { ...artifactCase, ...signature, keyID: 'SHA256:def' };
      assert.equal(await replace({ evidence: { artifacts: [byKey] } }), undefined);
      await api.objects.delete('default', ['pvr', 'case']);
      const timestamps = [{ url: 'https://tsa.example', time: window.notBefore, token: 'dG9r' }];
      await create({ evidence: { artifacts: [{ ...unseen, timestamps }] } });
      for (const changed of [renewed, byKey]) {
        const output = (await replace({ evidence: { artifacts: [{ ...changed, timestamps }] } })) ?? 'accepted';
        assert.match(output, /must not change once it is set, but for a certificate that nothing has witnessed/);
      }
      const { witnesses: asked, ...forgotten } = { ...unseen, timestamps };
      assert.deepEqual(asked, witnesses);
      assert.match(
        (await replace({ evidence: { artifacts: [forgotten] } })) ?? 'accepted',
        /witnesses must not change/,
      );
    });

    it('never loses an artifact, the list or all of it', async () => {
      await create({ evidence: { artifacts: [before, image], seal: 'v1:1' } });
      assert.match(
        (await replace({ evidence: { artifacts: [image] } })) ?? 'accepted',
        /an artifact must not be removed/,
      );
      assert.match((await replace({ evidence: { seal: 'v1:2' } })) ?? 'accepted', /artifacts must not be removed/);
      assert.match((await replace({})) ?? 'accepted', /evidence must not be removed/);
    });

    it('also when it holds as many artifacts and as much payload as a record may', async () => {
      const many = Array.from({ length: 256 }, (_, index) => ({
        ...artifactCase,
        ...signature,
        name: `image-${String(index)}-${'x'.repeat(50)}`,
        publicKey: 'k'.repeat(800),
        payload: 'A'.repeat(2000),
      }));
      await create({ evidence: { artifacts: many, seal: 'v1:1' } });
      assert.equal(await replace({ evidence: { artifacts: many, seal: 'v1:2' } }), undefined);
      const changed = many.map((artifact, index) =>
        index < 255 ? artifact : { ...artifactCase, name: artifact.name },
      );
      assert.match((await replace({ evidence: { artifacts: changed } })) ?? 'accepted', /signature must not change/);
    });

    it('and takes a payload of a mebibyte', async () => {
      const heavy = { ...artifactCase, payload: 'A'.repeat(1_048_576) };
      await create({ evidence: { artifacts: [heavy] } });
      assert.equal(await patchStatus({ stored: '0/1' }), undefined);
      const heavier = recordCase({
        metadata: { name: 'heavier' },
        evidence: { artifacts: [{ ...heavy, payload: `${heavy.payload}A` }] },
      });
      const output = await refusal(api.objects.create(asManifest(heavier), { isDryRun: true }));
      assert.match(output ?? 'accepted', /may not be (more|longer) than 1048576/);
    });
  });

  it('keeps spec and evidence out of the reach of the status subresource, and status out of theirs', async () => {
    await create({ status: { reason: 'Stored' } });
    const patch = { status: { reason: 'Signed' }, evidence: { seal: 'x' } };
    await api.objects.patch('default', ['pvr', 'case', 'status'], patch);
    const record = await api.objects.get('default', 'pvr', 'case');
    assert.equal(at(record, 'status', 'reason'), 'Signed');
    assert.equal(at(record, 'evidence'), undefined);
  });
});
