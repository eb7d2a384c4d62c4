// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { at } from '../chart/helm.ts';
import { sectionCommands } from '../docs/section-commands.ts';
import { keySigner } from '../sigstore/sigstore-bed.ts';
import { Kyverno } from '../testbed/kyverno/kyverno.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';
import { EnforceBed } from './enforce-bed.ts';
import type { PublishedTeam } from './enforce-bed.ts';
import { imageSignature, provenance } from './evidence.ts';
import { untilKyvernoJudges } from './until-judged.ts';

/** Teams that enforce, one of each encoding. */
const bundles: PublishedTeam = { namespace: 'alpha', signer: keySigner(), encoding: 'SigstoreBundle' };
const tags: PublishedTeam = { namespace: 'bravo', signer: keySigner(), encoding: 'CosignTags' };
/** A team that looks before it leaps, and one without a policy. */
const cautious: PublishedTeam = { namespace: 'charlie', signer: keySigner(), encoding: 'SigstoreBundle' };
const bystander = 'delta';
/** A team whose policy makes the default signatures, which its backend cannot keep. */
const unsigning: PublishedTeam = {
  namespace: 'echo',
  signer: keySigner(),
  encoding: 'SigstoreBundle',
  spec: { imageSignatures: { formats: ['SimpleSigning'] } },
};

let bed: EnforceBed;
before(async () => {
  bed = await EnforceBed.start('kyverno');
  for (const name of ['alpha', 'bravo', 'charlie', 'echo', bystander]) await bed.namespace(name);
  await Kyverno.start(bed.storage.plane, bed.storage.supervisor);
  for (const team of [bundles, tags, cautious, unsigning]) await bed.publish(team);
  await bed.applyTrust(bundles.namespace, '-o', 'kyverno', '--enforce');
  await bed.applyTrust(tags.namespace, '-o', 'kyverno', '--enforce');
  await bed.applyTrust(cautious.namespace, '-o', 'kyverno');
  const err = await bed.applyTrust(unsigning.namespace, '-o', 'kyverno', '--enforce');
  assert.match(err, /image signatures are not checked/);
  for (const { namespace } of [bundles, tags, cautious, unsigning]) await untilKyvernoJudges(bed, namespace);
});
after(() => bed.stop());

for (const team of [bundles, tags]) {
  describe(`Kyverno with what hallmark trust prints for evidence as ${team.encoding}`, () => {
    it('admits the signed pod, without a warning', async () => {
      assert.equal(await bed.admits(team.namespace, (await bed.signed(team)).reference), '');
    });

    it('refuses the unsigned, the wrongly signed, and the signed beside an unsigned', async () => {
      const unsigned = await bed.image(`${team.namespace}/app`);
      await bed.refuses(team.namespace, /not signed/, unsigned.reference);
      const strangers = await bed.signed(team, { signer: keySigner() });
      await bed.refuses(team.namespace, /not signed/, strangers.reference);
      const good = await bed.signed(team);
      await bed.refuses(team.namespace, /not signed/, good.reference, unsigned.reference);
    });

    it('refuses evidence of another image', async () => {
      const other = await bed.misplaced(team);
      await bed.refuses(team.namespace, /not signed/, other.reference);
    });
  });
}

describe('Kyverno with what hallmark trust prints for five namespaces', () => {
  it('refuses provenance of another builder', async () => {
    const tampered = await bed.signed(bundles, { builder: 'https://evil.example' });
    await bed.refuses(bundles.namespace, /another builder/, tampered.reference);
  });

  it('requires only what the backend of a policy keeps', async () => {
    const proven = await bed.image(`${unsigning.namespace}/app`);
    await bed.store(unsigning.encoding, await provenance(proven.subject, unsigning.signer));
    assert.equal(await bed.admits(unsigning.namespace, proven.reference), '');
    const bare = await bed.image(`${unsigning.namespace}/app`);
    await bed.refuses(unsigning.namespace, /has no provenance/, bare.reference);
  });

  it('leaves images of other repositories alone, and pods of other namespaces', async () => {
    const unsigned = await bed.image(`${bundles.namespace}/app`);
    const foreign = await bed.image('nobody/app');
    assert.equal(await bed.admits(bystander, unsigned.reference, foreign.reference), '');
    assert.equal(await bed.admits(bundles.namespace, foreign.reference), '');
    const other = await bed.image(`${tags.namespace}/app`);
    assert.equal(await bed.admits(bundles.namespace, other.reference), '');
  });

  it('only warns where it is not to enforce, and leaves the pod as it was', async () => {
    const tagged = await bed.registry.pushImage(`${cautious.namespace}/app`, 'v1');
    const tag = `${bed.registry.host}/${cautious.namespace}/app:v1`;
    assert.match(await bed.admits(cautious.namespace, tag), /^Warning: .*not signed/s);
    const pods = await bed.cluster.list(['pods', '-n', cautious.namespace]);
    assert.ok(
      pods.some((pod) => at(pod, 'spec', 'containers', 0, 'image') === tag),
      tagged.digest,
    );
    assert.equal(await bed.admits(cautious.namespace, (await bed.signed(cautious)).reference), '');
  });

  it('pins the digest that it verified where it enforces', async () => {
    const { digest } = await bed.registry.pushImage(`${bundles.namespace}/tagged`, 'v1');
    const subject = {
      name: `${bed.registry.host}/${bundles.namespace}/tagged`,
      sha256: digest.slice('sha256:'.length),
    };
    await bed.store(
      bundles.encoding,
      await imageSignature(bundles.encoding, subject, bundles.signer),
      await provenance(subject, bundles.signer),
    );
    await bed.admits(bundles.namespace, `${subject.name}:v1`);
    const pods = await bed.cluster.list(['pods', '-n', bundles.namespace]);
    const images = pods.map((pod) => at(pod, 'spec', 'containers', 0, 'image'));
    assert.ok(images.includes(`${subject.name}:v1@${digest}`), JSON.stringify(images));
  });

  it('judges a running pod again only when its image changes', async () => {
    const { reference } = await bed.signed(bundles);
    const name = 'patient';
    const spec = { automountServiceAccountToken: false, containers: [{ name: 'c', image: reference }] };
    await bed.cluster.create({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: bundles.namespace }, spec });
    await bed.registry.down();
    try {
      await bed.cluster.patch(bundles.namespace, `pod/${name}`, { metadata: { labels: { seen: 'yes' } } });
    } finally {
      await bed.registry.up();
    }
    const unsigned = await bed.image(`${bundles.namespace}/app`);
    const replaced = { spec: { containers: [{ name: 'c', image: unsigned.reference }] } };
    await assert.rejects(bed.cluster.patch(bundles.namespace, `pod/${name}`, replaced), /not signed/);
  });
});

describe('the page about enforcing', () => {
  it('leads to a namespace in which only signed images run, by its own commands', async () => {
    const team: PublishedTeam = { namespace: 'team-a', signer: keySigner(), encoding: 'SigstoreBundle' };
    await bed.namespace(team.namespace);
    await bed.publish(team);
    const UNSIGNED_IMAGE = (await bed.image(`${team.namespace}/app`)).reference;
    const SIGNED_IMAGE = (await bed.signed(team)).reference;
    const variables = { UNSIGNED_IMAGE, SIGNED_IMAGE };
    const carryOut = async (commands: string | undefined): Promise<string> => {
      const { code, err } = await bed.shell(commands ?? 'exit 9', variables);
      assert.equal(code, 0, `${commands ?? 'there is no such block'}\n${err}`);
      return err;
    };
    const [apply, wait, look, enforce, run, ...others] = sectionCommands('enforcing.md', 'Kyverno');
    assert.equal(others.length, 0);
    await carryOut(apply);
    await carryOut(wait);
    assert.match(await carryOut(look), /Warning: .*not signed/);
    await carryOut(enforce);
    // Kyverno takes a moment to read the change.
    await waitUntil(
      'Kyverno refuses the unsigned image',
      async () => (await bed.pod('team-a', UNSIGNED_IMAGE)).code !== 0,
    );
    await carryOut(run);
  });
});
