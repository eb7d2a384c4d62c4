// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { at } from '../chart/helm.ts';
import { Installation } from '../harness/installation.ts';
import { conditionOf, signaturesOf, storageOf } from '../harness/record.ts';
import type { Build, Team } from '../harness/team.ts';
import { verifyImage } from '../harness/verify-image.ts';

describe('evidence in both encodings of registries', () => {
  let installation: Installation;
  let team: Team;

  before(async () => {
    installation = await Installation.start({
      label: 'bundles',
      replicas: 1,
      registries: [{ referrers: true }],
      values: ['config.retry.maxSeconds=2'],
    });
    team = await installation.team({
      name: 'team-u',
      backends: [],
      policy: { backendRefs: [], imageSignatures: { formats: ['SimpleSigning', 'SigstoreStatement'] } },
    });
    await installation.apply(registry('tags', 'CosignTags'), registry('bundles', 'SigstoreBundle'));
    await team.untilReady();
  });
  after(() => installation.stop());

  function registry(name: string, encoding: string): object {
    const oci = { encoding, tls: { insecure: true } };
    const metadata = { name, namespace: team.name };
    return { apiVersion: 'hallmark.dev/v1alpha1', kind: 'StorageBackend', metadata, spec: { type: 'OCI', oci } };
  }

  let build: Build;

  it('goes to each in the form that it holds, is read back and verified', async () => {
    build = await team.build({ name: 'bake' });
    const record = await team.readyRecord(build);
    const forms = (record.evidence?.artifacts ?? []).map(({ form }) => form).sort();
    assert.deepEqual(forms, ['InTotoStatement', 'SigstoreStatement', 'SimpleSigning']);
    assert.equal(Object.values(signaturesOf(record)).filter((signature) => signature !== undefined).length, 3);
    for (const name of ['tags', 'bundles']) {
      const entry = storageOf(record, name);
      assert.deepEqual([entry?.state, entry?.verification?.state, entry?.locations?.length], ['Stored', 'Verified', 2]);
    }
    assert.equal(conditionOf(record, 'Verified')?.status, 'True');
  });

  it('is found and verified by cosign, which takes the bundles and the tags for signatures of the image', async () => {
    const { publicKey } = team.key;
    const image = build.image.reference;
    await verifyImage(installation.testbed, { command: 'verify', publicKey, image });
    await verifyImage(installation.testbed, { command: 'verify-attestation', publicKey, image });
    assert.equal(await team.layers(build.image, 'sig'), 1);
    assert.equal(await team.layers(build.image, 'att'), 1);
    const path = `/v2/${team.name}/app/referrers/${build.image.digest}`;
    const { body } = await team.registry.client().send(path);
    const manifests = at(JSON.parse(body.toString('utf8')), 'manifests');
    assert.equal(Array.isArray(manifests) ? manifests.length : 0, 2);
  });

  it('takes what it can of a form that fits no backend, and policy, backend and record say what it leaves out', async () => {
    await installation.delete(team.name, 'storagebackend/tags');
    const backendRefs = [{ kind: 'StorageBackend', name: 'bundles' }];
    await installation.patch(team.name, 'signingpolicy/builds', {
      spec: { backendRefs, imageSignatures: { formats: ['SimpleSigning'] } },
    });
    const condition =
      "jsonpath={.status.conditions[?(@.type=='BackendsReady')].message}=1/1 backends ready; StorageBackend team-u/bundles (encoding SigstoreBundle) takes no image signatures of this policy (imageSignatures.formats [SimpleSigning]): add SigstoreStatement, or take ImageSignature out of the backend's artifacts";
    await installation.wait(team.name, 'signingpolicy/builds', condition);
    await team.untilReady();
    const half = await team.build({ name: 'half' });
    const record = await team.recordWithReason(half, 'BackendNotFound');
    assert.match(conditionOf(record)?.message ?? '', /no backend takes image-/);
    assert.equal(storageOf(record, 'bundles')?.state, 'Stored');
    const image = half.image.reference;
    await verifyImage(installation.testbed, { command: 'verify-attestation', publicKey: team.key.publicKey, image });
  });

  it('is refused where nothing of a policy fits any backend, and signed once the policy is mended', async () => {
    await installation.patch(team.name, 'signingpolicy/builds', { spec: { attestation: { format: 'None' } } });
    const invalid = 'jsonpath={.status.conditions[?(@.type=="Ready")].reason}=PolicyInvalid';
    await installation.wait(team.name, 'signingpolicy/builds', invalid);
    const odd = await team.build({ name: 'odd' });
    const waiting = await team.recordWithReason(odd, 'PolicyInvalid');
    assert.match(conditionOf(waiting)?.message ?? '', /SimpleSigning/);
    await installation.patch(team.name, 'signingpolicy/builds', {
      spec: { imageSignatures: { formats: ['SigstoreStatement'] } },
    });
    const record = await team.readyRecord(odd);
    assert.equal(storageOf(record, 'bundles')?.verification?.state, 'Verified');
    const image = odd.image.reference;
    await verifyImage(installation.testbed, { command: 'verify', publicKey: team.key.publicKey, image });
  });
});
