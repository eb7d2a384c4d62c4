// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { at } from '../chart/helm.ts';
import { keySigner } from '../sigstore/sigstore-bed.ts';
import { INCLUDED, PolicyController } from '../testbed/policy-controller/policy-controller.ts';
import { EnforceBed } from './enforce-bed.ts';
import type { PublishedTeam } from './enforce-bed.ts';
import { builtBy, imageSignature } from './evidence.ts';
import { expectEveryContainerJudged } from './every-container.ts';
import { untilPolicyControllerJudges } from './until-judged.ts';

/** Teams that enforce. Each has a namespace that asks for the controller. */
const first: PublishedTeam = { namespace: 'alpha', signer: keySigner(), encoding: 'CosignTags' };
const second: PublishedTeam = { namespace: 'bravo', signer: keySigner('P-384', 'sha384'), encoding: 'CosignTags' };
/** A team that only looks, and one whose namespace asks for nothing. */
const cautious: PublishedTeam = { namespace: 'charlie', signer: keySigner(), encoding: 'CosignTags' };
const bystander = 'delta';

let bed: EnforceBed;
before(async () => {
  bed = await EnforceBed.start('policy-controller');
  for (const { namespace } of [first, second, cautious]) await bed.namespace(namespace, INCLUDED);
  await bed.namespace(bystander);
  await PolicyController.start(bed.storage.plane, bed.storage.supervisor);
  for (const team of [first, second, cautious]) await bed.publish(team);
  for (const { namespace } of [first, second]) await bed.applyTrust(namespace, '-o', 'policy-controller', '--enforce');
  await bed.applyTrust(cautious.namespace, '-o', 'policy-controller');
  for (const { namespace } of [first, second, cautious]) await untilPolicyControllerJudges(bed, namespace);
});
after(() => bed.stop());

describe('policy-controller with what hallmark trust prints for four namespaces', () => {
  for (const team of [first, second]) {
    it(`admits the signed pod of ${team.namespace}, without a warning`, async () => {
      assert.equal(await bed.admits(team.namespace, (await bed.signed(team)).reference), '');
    });
  }

  it('refuses the unsigned, the wrongly signed, and the signed beside an unsigned', async () => {
    const unsigned = await bed.image(`${first.namespace}/app`);
    await bed.refuses(first.namespace, /alpha\.builds-signature/, unsigned.reference);
    const strangers = await bed.signed(first, { signer: second.signer });
    await bed.refuses(first.namespace, /alpha\.builds-signature/, strangers.reference);
    const good = await bed.signed(first);
    await bed.refuses(first.namespace, /alpha\.builds-signature/, good.reference, unsigned.reference);
  });

  it('refuses a signature without provenance, and provenance of another builder or of none', async () => {
    const half = await bed.image(`${first.namespace}/app`);
    await bed.store('CosignTags', await imageSignature('CosignTags', half.subject, first.signer));
    await bed.refuses(first.namespace, /alpha\.builds-provenance/, half.reference);
    for (const runDetails of [builtBy('https://evil.example'), {}]) {
      const another = await bed.signed(first, { runDetails });
      await bed.refuses(first.namespace, /alpha\.builds-provenance/, another.reference);
    }
  });

  for (const part of ['signature', 'provenance'] as const) {
    it(`refuses a ${part} that was changed after it was signed`, async () => {
      const { reference } = await bed.tampered(first, part);
      await bed.refuses(first.namespace, new RegExp(`alpha\\.builds-${part}`), reference);
    });
  }

  it('judges init and ephemeral containers', async () => {
    await expectEveryContainerJudged(bed, first, /alpha\.builds-signature/);
  });

  it('judges the pods of a Deployment by its template', async () => {
    const unsigned = await bed.image(`${first.namespace}/app`);
    const refused = await bed.deployment(first.namespace, 'unsigned', unsigned.reference);
    assert.notEqual(refused.code, 0);
    assert.match(refused.err, /alpha\.builds-signature/);
    const admitted = await bed.deployment(first.namespace, 'signed', (await bed.signed(first)).reference);
    assert.deepEqual([admitted.code, admitted.err], [0, '']);
    await bed.cluster.wait(first.namespace, 'deployment/signed', 'jsonpath={.status.replicas}=1');
  });

  it('replaces tags by digests in templates, whosever image it is', async () => {
    const { digest } = await bed.registry.pushImage('nobody/app', 'v1');
    const { code, err } = await bed.deployment(cautious.namespace, 'tagged', `${bed.registry.host}/nobody/app:v1`);
    assert.equal(code, 0, err);
    const deployment = await bed.cluster.json(['get', 'deployment/tagged', '-n', cautious.namespace]);
    const image = String(at(deployment, 'spec', 'template', 'spec', 'containers', 0, 'image'));
    assert.ok(image.endsWith(`@${digest}`), image);
  });

  it('judges the images of two teams in one pod, each by the policies of its own team', async () => {
    const [one, other] = [await bed.signed(first), await bed.signed(second)];
    assert.equal(await bed.admits(first.namespace, one.reference, other.reference), '');
    const swapped = await bed.signed(second, { signer: first.signer });
    await bed.refuses(first.namespace, /bravo\.builds-signature/, one.reference, swapped.reference);
  });

  it('refuses evidence of another image', async () => {
    const other = await bed.misplaced(first);
    await bed.refuses(first.namespace, /alpha\.builds-signature/, other.reference);
  });

  it('leaves images of other repositories alone, and namespaces that do not ask for it', async () => {
    const unsigned = await bed.image(`${first.namespace}/app`);
    const foreign = await bed.image('nobody/app');
    assert.equal(await bed.admits(bystander, unsigned.reference, foreign.reference), '');
    assert.equal(await bed.admits(first.namespace, foreign.reference), '');
  });

  it('only warns where it is not to enforce', async () => {
    const unsigned = await bed.image(`${cautious.namespace}/app`);
    assert.match(await bed.admits(cautious.namespace, unsigned.reference), /^Warning: .*charlie\.builds-signature/s);
    assert.equal(await bed.admits(cautious.namespace, (await bed.signed(cautious)).reference), '');
  });
});
