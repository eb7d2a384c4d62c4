// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Installation } from '../harness/installation.ts';
import { conditionOf, signaturesOf } from '../harness/record.ts';
import type { Build, Team } from '../harness/team.ts';
import { isVerified } from '../harness/verify-image.ts';
import type { PushedImage } from '../testbed/registry/push-image.ts';
import { pushIndex, type PushedIndex } from '../testbed/registry/push-index.ts';
import type { Registry } from '../testbed/registry/registry.ts';

const indexChildren = { imageSignatures: { indexChildren: true } };

let installation: Installation;
let registry: Registry;
let thorough: Team;
let plain: Team;

before(async () => {
  const auth = { username: 'builder', password: 'planted-secret' };
  installation = await Installation.start({
    label: 'image-indexes',
    replicas: 1,
    registries: [{ referrers: false, auth }],
    values: ['config.retry.maxSeconds=2'],
  });
  registry = installation.testbed.registry();
  [thorough, plain] = await Promise.all([
    installation.team({ name: 'thorough', policy: indexChildren }),
    installation.team({ name: 'plain' }),
  ]);
  await Promise.all([thorough.untilReady(), plain.untilReady()]);
});
after(() => installation.stop());

function push(team: Team, name: string): Promise<PushedIndex> {
  return pushIndex(registry, `${team.name}/app`, name);
}

/** Returns true when cosign finds a signature of each image. */
function verified(team: Team, images: readonly PushedImage[]): Promise<readonly boolean[]> {
  return Promise.all(
    images.map(({ reference }) => {
      const question = { command: 'verify', publicKey: team.key.publicKey, image: reference } as const;
      return isVerified(installation.testbed, question);
    }),
  );
}

function everything({ children, attestation, ...index }: PushedIndex): readonly PushedImage[] {
  return [index, ...children, attestation];
}

/** A run that ends while its registry is down. */
async function buildInVain(name: string): Promise<{ readonly build: Build; readonly pushed: PushedIndex }> {
  const pushed = await push(thorough, name);
  await registry.down();
  const build = await thorough.build({ name, pushed });
  const record = await thorough.recordWithReason(build, 'BackendUnavailable');
  assert.deepEqual(signaturesOf(record), {});
  assert.match(conditionOf(record)?.message ?? '', new RegExp(`reading ${registry.host}/thorough/app@`));
  return { build, pushed };
}

describe('an image index that a run built', () => {
  it('is signed as one thing by a policy that says no more', async () => {
    const pushed = await push(plain, 'bake-1');
    const record = await plain.readyRecord(await plain.build({ name: 'bake-1', pushed }));
    assert.equal(Object.keys(signaturesOf(record)).length, 2);
    assert.deepEqual(await verified(plain, everything(pushed)), [true, false, false, false]);
  });

  it('is signed with each image in it, but for attestations, where the policy asks for that', async () => {
    const pushed = await push(thorough, 'bake-1');
    const record = await thorough.readyRecord(await thorough.build({ name: 'bake-1', pushed }));
    assert.equal(Object.keys(signaturesOf(record)).length, 4);
    assert.deepEqual(await verified(thorough, everything(pushed)), [true, true, true, false]);
  });

  it('leaves a run that built a single image as it is', async () => {
    const build = await thorough.build({ name: 'single' });
    const record = await thorough.readyRecord(build);
    assert.equal(Object.keys(signaturesOf(record)).length, 2);
    assert.deepEqual(await verified(thorough, [build.image]), [true]);
  });
});

describe('an image index whose registry is down', () => {
  it('is signed with its images once the registry is back, and the record says so until then', async () => {
    const { build, pushed } = await buildInVain('later');
    await registry.up();
    await thorough.readyRecord(build);
    assert.deepEqual(await verified(thorough, everything(pushed)), [true, true, true, false]);
  });

  it('ends as RunDeleted when the run is gone before', async () => {
    const { build } = await buildInVain('never');
    await installation.delete(thorough.name, `taskrun/${build.name}`);
    const record = await thorough.recordWithReason(build, 'RunDeleted');
    assert.deepEqual(signaturesOf(record), {});
    await registry.up();
  });
});
