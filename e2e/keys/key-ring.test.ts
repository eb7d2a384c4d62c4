// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { parseSigningPolicy } from '../../src/api/v1alpha1/parsing/parse.ts';
import type { SigningPolicy } from '../../src/api/v1alpha1/signing-policy/schema.ts';
import { at } from '../chart/helm.ts';
import { commandProgram } from '../harness/command-program.ts';
import { newSigningKey, type SigningKey } from '../harness/signing-key.ts';
import { KEY_SECRET, type Build, type Team } from '../harness/team.ts';
import { isVerified } from '../harness/verify-image.ts';
import { HostileBed } from '../hostile/hostile-bed.ts';
import { managedRuns, ManagedRuns } from '../resilience/managed-runs.ts';
import { compileCache } from '../testbed/processes/compile-cache.ts';
import { runCommand } from '../testbed/processes/run-command.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';

type VerificationKey = NonNullable<NonNullable<SigningPolicy['status']>['verificationKeys']>[number];

const HOUR_MS = 3_600_000;
const SOON_MS = 5_000;

let bed: HostileBed;
before(async () => {
  bed = await HostileBed.start({ label: 'key-ring', backends: ['registry'] });
});
after(() => bed.stop());

async function teamOf(
  name: string,
  options: { readonly withKey?: boolean; readonly policy?: object } = {},
): Promise<Team> {
  const { withKey = true, policy = {} } = options;
  return bed.installation.team({ name, withKey, backends: ['registry'], policy: { ...managedRuns, ...policy } });
}

async function policyOf(team: Team): Promise<SigningPolicy> {
  const parsed = parseSigningPolicy(await bed.installation.json(['get', 'signingpolicy', 'builds', '-n', team.name]));
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.message);
  return parsed.value;
}

/** `Status Reason` of a condition of the team's policy. */
async function conditionOf(team: Team, type: string): Promise<string> {
  const { status } = await policyOf(team);
  const found = status?.conditions?.find((condition) => condition.type === type);
  return `${found?.status ?? '?'} ${found?.reason ?? '?'}`;
}

async function untilCondition(team: Team, type: string, wanted: string): Promise<void> {
  await waitUntil(`${type} is ${wanted}`, async () => (await conditionOf(team, type)) === wanted);
}

function secret(team: Team, name: string, stringData: object): object {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: team.name }, stringData };
}

function keySettings(key: object): object {
  return { spec: { signer: { type: 'Key', key } } };
}

/** A run that is signed and stored, and the key that it was signed with. */
async function signed(
  team: Team,
  name: string,
): Promise<{ readonly build: Build; readonly publicKeys: readonly unknown[] }> {
  const build = await new ManagedRuns(bed.client, team).build({ name });
  const { evidence } = await bed.readyRecord(build, team);
  return { build, publicKeys: [...new Set((evidence?.artifacts ?? []).map(({ publicKey }) => publicKey))] };
}

async function assertVerified(publicKey: string, { image }: Build): Promise<void> {
  for (const command of ['verify', 'verify-attestation'] as const) {
    assert.equal(await isVerified(bed.installation.testbed, { command, publicKey, image: image.reference }), true);
  }
}

function change(team: Team, key: object): Promise<void> {
  return bed.installation.patch(team.name, 'signingpolicy/builds', keySettings(key));
}

/** The two keys that a policy publishes, once one of them is in this state. */
async function publishedKeys(team: Team, publicKey: string, state: string): Promise<readonly VerificationKey[]> {
  return waitUntil(`the key is published as ${state}`, async () => {
    const keys = (await policyOf(team)).status?.verificationKeys ?? [];
    const isMet = keys.some((key) => key.publicKey === publicKey && key.state === state);
    return isMet && keys.length === 2 && keys;
  });
}

function shown({ publicKey, state, notAfter }: VerificationKey): readonly unknown[] {
  return [publicKey, state, notAfter];
}

// Each has a team of its own.
describe('keys of a policy', { concurrency: true }, () => {
  describe('a policy whose key is followed by another', () => {
    it('publishes both for those who verify, also before the new one signs, and then signs with it at once', async () => {
      const team = await teamOf('team-ring');
      await team.untilReady();
      const next: SigningKey = newSigningKey();
      await bed.installation.apply(
        secret(team, 'key-next', { 'x509.pem': next.privateKey }),
        secret(team, 'key-before', { 'x509.pub': team.key.publicKey }),
      );
      const secretRef = { name: KEY_SECRET };
      await change(team, { secretRef, retired: [{ name: 'key-next' }] });
      const announced = await publishedKeys(team, next.publicKey, 'Retired');
      assert.deepEqual(announced.map(shown), [
        [team.key.publicKey, 'Active', undefined],
        [next.publicKey, 'Retired', undefined],
      ]);
      const first = await signed(team, 'before');
      assert.deepEqual(first.publicKeys, [team.key.publicKey]);
      const rotatedAt = `${new Date().toISOString().slice(0, 19)}Z`;
      await change(team, { secretRef: { name: 'key-next' }, retired: [{ name: 'key-before', notAfter: rotatedAt }] });
      const keys = await publishedKeys(team, next.publicKey, 'Active');
      assert.deepEqual(keys.map(shown), [
        [next.publicKey, 'Active', undefined],
        [team.key.publicKey, 'Retired', rotatedAt],
      ]);
      assert.equal((await policyOf(team)).status?.keyID, keys[0]?.keyID);
      const second = await signed(team, 'after');
      assert.deepEqual(second.publicKeys, [next.publicKey]);
      await assertVerified(keys[0]?.publicKey ?? '', second.build);
      await assertVerified(keys[1]?.publicKey ?? '', first.build);
    });
  });

  describe('a key with an end', { concurrency: 1 }, () => {
    let team: Team;
    let waiting: Build;
    /** Has the key end so much later. @returns when that is */
    const endKeyIn = async (milliseconds: number): Promise<string> => {
      const notAfter = `${new Date(Date.now() + milliseconds).toISOString().slice(0, 19)}Z`;
      const settings = keySettings({ secretRef: { name: KEY_SECRET }, notAfter });
      await bed.installation.patch(team.name, 'signingpolicy/builds', settings);
      return notAfter;
    };
    const eventsOfPolicy = async () => {
      const { metadata } = await policyOf(team);
      return (await bed.installation.events(team.name)).filter(({ regardingUID }) => regardingUID === metadata.uid);
    };

    it('signs until then, and its policy warns of it once', async () => {
      team = await teamOf('team-ending');
      await team.untilReady();
      const notAfter = await endKeyIn(HOUR_MS);
      await waitUntil('the policy warns', async () => {
        const { status } = await policyOf(team);
        const keyReady = status?.conditions?.find(({ type }) => type === 'KeyReady');
        return (
          keyReady?.message.includes(`signs until ${notAfter}: have a new key ready`) === true &&
          keyReady.status === 'True'
        );
      });
      await signed(team, 'in-time');
      const [event, ...more] = await waitUntil('the Event is there', async () => {
        const events = (await eventsOfPolicy()).filter(({ type }) => type === 'Warning');
        return events.length > 0 && events;
      });
      assert.deepEqual([event?.type, event?.reason, event?.count, more], ['Warning', 'KeyExpired', 1, []]);
    });

    it('signs nothing after it, and is still published for what it signed', async () => {
      await endKeyIn(SOON_MS);
      await untilCondition(team, 'KeyReady', 'False KeyExpired');
      assert.equal(await conditionOf(team, 'Stalled'), 'True KeyExpired');
      const { status } = await policyOf(team);
      assert.deepEqual(
        status?.verificationKeys?.map(({ publicKey, state }) => [publicKey, state]),
        [[team.key.publicKey, 'Retired']],
      );
      waiting = await new ManagedRuns(bed.client, team).build({ name: 'too-late' });
      const record = await bed.recordWithReason(waiting, 'KeyExpired', team);
      assert.ok(record.evidence?.artifacts?.every(({ signature }) => signature === undefined));
    });

    it('lets waiting runs be signed once there is another key', async () => {
      const next = newSigningKey();
      await bed.installation.apply(secret(team, 'key-next', { 'x509.pem': next.privateKey }));
      const retired = [{ name: KEY_SECRET }];
      const spec = { secretRef: { name: 'key-next' }, notAfter: null, retired };
      await bed.installation.patch(team.name, 'signingpolicy/builds', keySettings(spec));
      const { evidence } = await bed.readyRecord(waiting, team);
      assert.ok(evidence?.artifacts?.every(({ publicKey }) => publicKey === next.publicKey));
      await untilCondition(team, 'Ready', 'True Ready');
    });
  });

  describe('a Secret of hallmark keygen', () => {
    it('lets teams that wait for one sign, whatever its algorithm, and cosign verify with the public key in it', async () => {
      await Promise.all(['p256', 'p384', 'rsa', 'ed25519'].map(signsWithNewKey));
    });
  });
});

async function signsWithNewKey(algorithm: string): Promise<void> {
  const team = await teamOf(`team-${algorithm}`, { withKey: false });
  await untilCondition(team, 'KeyReady', 'False KeyNotFound');
  const args = [commandProgram, 'keygen', '-n', team.name, '--algorithm', algorithm];
  const { stdout } = await runCommand(process.execPath, args, { env: compileCache() });
  await bed.installation.kubectl(['apply', '-f', '-'], { stdin: stdout });
  const { build, publicKeys } = await signed(team, 'first');
  const data = at(await bed.installation.json(['get', 'secret', KEY_SECRET, '-n', team.name]), 'data');
  const entry = at(data, 'cosign.pub') ?? at(data, 'x509.pub');
  const publicKey = Buffer.from(String(entry), 'base64').toString();
  assert.deepEqual(publicKeys, [publicKey], algorithm);
  await assertVerified(publicKey, build);
}
