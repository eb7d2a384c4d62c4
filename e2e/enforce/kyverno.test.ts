// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { field, listField, stringField } from '../../src/json/fields.ts';
import { at } from '../chart/helm.ts';
import { sectionCommands } from '../docs/section-commands.ts';
import { keySigner } from '../sigstore/sigstore-bed.ts';
import { Kyverno } from '../testbed/kyverno/kyverno.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';
import { publishForCluster } from './cluster-policy.ts';
import { EnforceBed } from './enforce-bed.ts';
import type { PublishedTeam } from './enforce-bed.ts';
import { builtBy, imageSignature, provenance } from './evidence.ts';
import { expectEveryContainerJudged } from './every-container.ts';
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

/** A namespace with the policies of two teams. */
const shared = 'foxtrot';

let bed: EnforceBed;
before(async () => {
  bed = await EnforceBed.start('kyverno');
  for (const name of ['alpha', 'bravo', 'charlie', 'echo', shared, bystander]) await bed.namespace(name);
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

/** A signed image of the first team, by its tag and by its digest. */
async function taggedImage(repository: string): Promise<{ readonly tag: string; readonly reference: string }> {
  const { namespace, encoding, signer } = bundles;
  const { digest, reference } = await bed.registry.pushImage(`${namespace}/${repository}`, 'v1');
  const subject = { name: `${bed.registry.host}/${namespace}/${repository}`, sha256: digest.slice('sha256:'.length) };
  await bed.store(encoding, await imageSignature(encoding, subject, signer), await provenance(subject, signer));
  return { tag: `${subject.name}:v1`, reference };
}

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

    it('refuses a signature that was changed after it was made', async () => {
      await bed.refuses(team.namespace, /not signed/, (await bed.tampered(team, 'signature')).reference);
    });

    it('judges init and ephemeral containers', async () => {
      await expectEveryContainerJudged(bed, team, /not signed/);
    });
  });
}

describe('Kyverno with what hallmark trust prints for five namespaces', () => {
  it('refuses provenance of another builder or of none, and warns of it where it is not to enforce', async () => {
    for (const runDetails of [builtBy('https://evil.example'), {}]) {
      const another = await bed.signed(bundles, { runDetails });
      await bed.refuses(bundles.namespace, /another builder/, another.reference);
      const watched = await bed.signed(cautious, { runDetails });
      assert.match(await bed.admits(cautious.namespace, watched.reference), /^Warning: .*another builder/s);
    }
  });

  it('refuses provenance that was changed after it was signed', async () => {
    await bed.refuses(bundles.namespace, /has no provenance/, (await bed.tampered(bundles, 'provenance')).reference);
  });

  it('refuses the unsigned pods of a Deployment, which stays as it was applied', async () => {
    const { namespace } = bundles;
    const unsigned = await bed.image(`${namespace}/app`);
    const applied = await bed.deployment(namespace, 'unsigned', unsigned.reference);
    assert.deepEqual([applied.code, applied.err], [0, '']);
    await bed.cluster.until(namespace, 'deployment/unsigned', {
      condition: 'says why it has no pod',
      isMet: (deployment) =>
        listField(field(deployment, 'status'), 'conditions').some(
          (condition) =>
            stringField(condition, 'type') === 'ReplicaFailure' &&
            stringField(condition, 'message')?.includes('not signed') === true,
        ),
    });
    const { tag } = await taggedImage('deployed');
    await bed.deployment(namespace, 'signed', tag);
    await bed.cluster.wait(namespace, 'deployment/signed', 'jsonpath={.status.replicas}=1');
    const signed = await bed.cluster.json(['get', 'deployment/signed', '-n', namespace]);
    assert.equal(at(signed, 'spec', 'template', 'spec', 'containers', 0, 'image'), tag);
  });

  it('judges the images of two teams in one namespace, each by the policy of its own team', async () => {
    for (const { namespace } of [bundles, tags]) {
      const { out } = await bed.trust(namespace, '-o', 'kyverno', '--enforce');
      const policy = out.replace(`namespace: ${namespace}\n`, `namespace: ${shared}\n`);
      await bed.storage.plane.kubectl(['apply', '-f', '-'], { stdin: policy });
      await untilKyvernoJudges(bed, namespace, shared);
    }
    const [one, other] = [await bed.signed(bundles), await bed.signed(tags)];
    assert.equal(await bed.admits(shared, one.reference, other.reference), '');
    const swapped = await bed.signed(tags, { signer: bundles.signer });
    await bed.refuses(shared, /SigningPolicy bravo\/builds/, one.reference, swapped.reference);
  });

  it('judges pods of the namespaces that a cluster policy selects, and of no other', async () => {
    const fleet: PublishedTeam = { namespace: 'fleet', signer: keySigner(), encoding: 'SigstoreBundle' };
    await bed.namespace('golf', { fleet: 'yes' });
    await publishForCluster(bed, fleet, { fleet: 'yes' });
    const print = 'hallmark trust clustersigningpolicy/fleet -o kyverno --enforce | kubectl apply -f -';
    const { out, err } = await bed.shell(print, {});
    assert.match(out, /^imagevalidatingpolicy\S+ created/, err);
    const unsigned = await bed.image('fleet/app');
    await waitUntil('Kyverno judges', async () => (await bed.pod('golf', unsigned.reference)).code !== 0);
    await bed.refuses('golf', /ClusterSigningPolicy fleet signs/, unsigned.reference);
    assert.equal(await bed.admits('golf', (await bed.signed(fleet)).reference), '');
    assert.equal(await bed.admits(bystander, unsigned.reference), '');
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
    const { tag } = await taggedImage('tagged');
    await bed.admits(bundles.namespace, tag);
    const pods = await bed.cluster.list(['pods', '-n', bundles.namespace]);
    const images = pods.map((pod) => String(at(pod, 'spec', 'containers', 0, 'image')));
    assert.ok(
      images.some((image) => image.startsWith(`${tag}@sha256:`)),
      JSON.stringify(images),
    );
  });

  it('admits one image in two containers next to a further one, if the two name it differently', async () => {
    const { tag, reference } = await taggedImage('twice');
    assert.equal(await bed.admits(bundles.namespace, tag, reference, (await bed.signed(bundles)).reference), '');
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
  const team: PublishedTeam = { namespace: 'team-a', signer: keySigner(), encoding: 'SigstoreBundle' };
  const variables: Record<string, string> = {};

  /** Runs a command of the page in a Git repository. */
  const run = (command = 'exit 9') =>
    bed.shell(`cd '${bed.storage.supervisor.dataDirectory('repository')}'\n${command}`, variables);

  const carryOut = async (command: string | undefined): Promise<string> => {
    const { code, err } = await run(command);
    assert.equal(code, 0, `${command ?? 'there is no such command'}\n${err}`);
    return err;
  };

  /** Kyverno takes a moment to read a change. */
  const untilKyverno = (verdict: 'admits' | 'refuses', image: string): Promise<unknown> =>
    waitUntil(
      `Kyverno ${verdict} ${image}`,
      async () => ((await bed.pod(team.namespace, image)).code === 0) === (verdict === 'admits'),
    );

  before(async () => {
    await bed.namespace(team.namespace);
    await bed.publish(team);
    variables['UNSIGNED_IMAGE'] = (await bed.image(`${team.namespace}/app`)).reference;
    variables['SIGNED_IMAGE'] = (await bed.signed(team)).reference;
  });

  it('leads to a namespace in which only signed images run, by its own commands', async () => {
    const [apply, wait, look, enforce, create, ...others] = sectionCommands('enforcing.md', 'Kyverno');
    assert.equal(others.length, 0);
    await carryOut(apply);
    await carryOut(wait);
    assert.match(await carryOut(look), /Warning: .*not signed/);
    await carryOut(enforce);
    await untilKyverno('refuses', variables['UNSIGNED_IMAGE'] ?? '');
    await carryOut(create);
  });

  it('changes a key without refusing an image in between, and ends the earlier one, by its own commands', async () => {
    const [list, accept, sign, drop, renew, print, compare, ...others] = sectionCommands(
      'enforcing.md',
      'Renew it when keys change',
    );
    assert.equal(others.length, 0);
    const next = keySigner();
    const earlier = variables['SIGNED_IMAGE'] ?? '';
    const later = (await bed.signed({ ...team, signer: next })).reference;
    await carryOut('git init --quiet && mkdir -p clusters/prod/team-a');
    await carryOut(print);
    await carryOut('git add .');
    await carryOut(print);
    await carryOut(compare);
    await bed.refuses(team.namespace, /not signed/, later);
    await carryOut(list);
    assert.match((await run(accept)).err, /has not taken that up yet/);
    await bed.publishKeys(team.namespace, team.signer, [next]);
    await carryOut(accept);
    await untilKyverno('admits', later);
    await bed.admits(team.namespace, earlier);
    await carryOut(sign);
    await bed.publishKeys(team.namespace, next, [team.signer]);
    await bed.admits(team.namespace, earlier, later);
    await carryOut(drop);
    await bed.publishKeys(team.namespace, next);
    await carryOut(renew);
    await untilKyverno('refuses', earlier);
    await bed.admits(team.namespace, later);
    await carryOut(print);
    const { code, out } = await run(compare);
    assert.equal(code, 1);
    const key = team.signer.publicKey.split('\n')[1] ?? '?';
    assert.ok(
      out.split('\n').some((line) => line.startsWith('-') && line.endsWith(key)),
      out,
    );
  });
});
