// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { ProvenanceRecord } from '../../src/api/v1alpha1/provenance-record/schema.ts';
import { fromEvidenceArtifact, requireSigned } from '../../src/evidence/evidence-artifact.ts';
import { signedBytes } from '../../src/evidence/signed-bytes.ts';
import { asManifest, at } from '../chart/helm.ts';
import { newSigningKey } from '../harness/signing-key.ts';
import { KEY_SECRET, type Build, type Team, type TeamOptions } from '../harness/team.ts';
import { HostileBed } from '../hostile/hostile-bed.ts';
import { managedRuns, ManagedRuns } from '../resilience/managed-runs.ts';
import { GoogleKms } from '../testbed/google-kms/google-kms.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';

const SERVICE_KEY = 'projects/evidence/locations/europe-west1/keyRings/team/cryptoKeys/builds';
const PRINCIPAL = 'serviceAccount:signer@evidence';

let bed: HostileBed;
let google: GoogleKms;
before(async () => {
  google = await GoogleKms.start();
  google.permitted.add(PRINCIPAL);
  bed = await HostileBed.start({ label: 'waiting-runs', backends: ['registry'], outbound: [google.server.host] });
});
after(async () => {
  await bed.stop();
  await google.server.down();
});

function teamOf(name: string, key: Pick<TeamOptions, 'withKey' | 'keyData'> = {}): Promise<Team> {
  return bed.installation.team({ name, ...key, backends: ['registry'], policy: managedRuns });
}

function build(team: Team, name: string): Promise<Build> {
  return new ManagedRuns(bed.client, team).build({ name });
}

function patchSigner(team: Team, signer: object): Promise<void> {
  return bed.installation.patch(team.name, 'signingpolicy/builds', { spec: { signer } });
}

/** The one key of a record's signatures, all of which it verifies. */
function signingKeyOf({ evidence }: ProvenanceRecord): string {
  const artifacts = (evidence?.artifacts ?? []).map((artifact) => requireSigned(fromEvidenceArtifact(artifact)));
  const [first] = artifacts;
  assert.ok(first !== undefined);
  for (const artifact of artifacts) {
    assert.equal(artifact.publicKey, first.publicKey);
    assert.ok(verify('sha256', signedBytes(artifact), createPublicKey(artifact.publicKey), artifact.signature));
  }
  return first.publicKey;
}

async function publishedKey({ name }: Team): Promise<unknown> {
  return at(await bed.installation.json(['get', 'signingpolicy', 'builds', '-n', name]), 'status', 'publicKey');
}

/** The reason and message that a policy gives for its key. */
async function keyReady({ name }: Team): Promise<string> {
  const policy = await bed.installation.json(['get', 'signingpolicy', 'builds', '-n', name]);
  const conditions = at(policy, 'status', 'conditions');
  const found = (Array.isArray(conditions) ? conditions.map(asManifest) : []).find(({ type }) => type === 'KeyReady');
  return `${String(found?.['reason'])}: ${String(found?.['message'])}`;
}

// Each has a team of its own, and waits for what the operator has cached of a Secret.
describe('keys that come and go', { concurrency: true }, () => {
  describe('a run that waits for a key', () => {
    const untilTold = (team: Team, waiting: Build, [reason, text]: readonly [string, RegExp]): Promise<unknown> =>
      bed.recordWhen(
        `says ${reason} and ${text.source}`,
        waiting,
        ({ status }) => status?.reason === reason && text.test(status.message ?? ''),
        team,
      );

    it('reports that its Secret is missing, and then its entry, and is signed once neither is', async () => {
      const team = await teamOf('team-step', { withKey: false });
      const waiting = await build(team, 'bake-1');
      await untilTold(team, waiting, ['KeyNotFound', /does not exist/]);
      await team.createKeySecret({ other: 'x' });
      await untilTold(team, waiting, ['KeyNotFound', /neither an entry "x509\.pem" nor "cosign\.key"/]);
      await team.createKeySecret();
      assert.equal(signingKeyOf(await bed.readyRecord(waiting, team)), team.key.publicKey);
    });

    it('reports that its key is none, and then that it is expired, and is signed once it is neither', async () => {
      const team = await teamOf('team-unfit', { keyData: { 'x509.pem': 'not a key' } });
      const waiting = await build(team, 'bake-1');
      await untilTold(team, waiting, ['KeyInvalid', /holds no PEM block/]);
      const past = `${new Date(Date.now() - 60_000).toISOString().slice(0, 19)}Z`;
      const key = { secretRef: { name: KEY_SECRET }, notAfter: past };
      await patchSigner(team, { type: 'Key', key });
      await untilTold(team, waiting, ['KeyExpired', /signs no more since/]);
      await waitUntil('the policy says so too', async () =>
        /^KeyExpired: .*signs no more since/.test(await keyReady(team)),
      );
      await team.createKeySecret();
      await patchSigner(team, { type: 'Key', key: { ...key, notAfter: null } });
      assert.equal(signingKeyOf(await bed.readyRecord(waiting, team)), team.key.publicKey);
    });

    it('is signed by a service when the policy turns to one, and later runs by a key again', async () => {
      const team = await teamOf('team-switch', { withKey: false });
      const waiting = await build(team, 'bake-1');
      await bed.recordWithReason(waiting, 'KeyNotFound', team);
      google.addVersion(SERVICE_KEY, 'EC_SIGN_P256_SHA256');
      const metadata = { namespace: team.name };
      const access = { access_token: google.iam.token(PRINCIPAL) };
      await bed.installation.apply(
        { apiVersion: 'v1', kind: 'Secret', metadata: { ...metadata, name: 'google' }, stringData: access },
        {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { ...metadata, name: 'ca' },
          data: { 'ca.crt': google.server.ca },
        },
      );
      const place = { caBundleRef: { name: 'ca' }, google: { endpoint: google.server.host } };
      const kms = { uri: `gcpkms://${SERVICE_KEY}`, secretRef: { name: 'google' }, ...place };
      await patchSigner(team, { type: 'KMS', key: null, kms });
      const byService = signingKeyOf(await bed.readyRecord(waiting, team));
      await bed.installation.wait(team.name, 'signingpolicy/builds', 'condition=Ready');
      assert.equal(await publishedKey(team), byService);
      await team.createKeySecret();
      await patchSigner(team, { type: 'Key', kms: null, key: { secretRef: { name: KEY_SECRET } } });
      await team.untilReady();
      const later = await bed.readyRecord(await build(team, 'bake-2'), team);
      assert.equal(signingKeyOf(later), team.key.publicKey);
      assert.equal(signingKeyOf(await bed.readyRecord(waiting, team)), byService, 'nothing is signed twice');
    });
  });

  describe('a key Secret that is deleted while runs finish', () => {
    it('leaves each run signed by it or waiting, and those that wait are signed by the next', async () => {
      const team = await teamOf('team-deleted');
      await team.untilReady();
      const builds = [await build(team, 'bake-0')];
      await bed.installation.delete(team.name, `secret/${KEY_SECRET}`);
      // The Secret is cached for half a minute.
      await waitUntil(
        'a run finds it gone',
        async () => {
          const next = await build(team, `bake-${builds.length}`);
          builds.push(next);
          const record = await bed.recordWhen('is there', next, ({ status }) => status?.reason !== undefined, team);
          return record.status?.reason === 'KeyNotFound';
        },
        { timeoutSeconds: 90, intervalMilliseconds: 1000 },
      );
      assert.match(
        await waitUntil('the policy says so', async () => {
          const condition = await keyReady(team);
          return condition.startsWith('KeyNotFound') && condition;
        }),
        /Secret "team-deleted\/signing-secrets" does not exist/,
      );
      const next = newSigningKey();
      await team.createKeySecret({ 'x509.pem': next.privateKey });
      const keys = [];
      for (const each of builds) keys.push(signingKeyOf(await bed.readyRecord(each, team)));
      const firstOfNext = keys.indexOf(next.publicKey);
      assert.ok(firstOfNext > 0);
      const expected = keys.map((_, index) => (index < firstOfNext ? team.key : next).publicKey);
      assert.deepEqual(keys, expected);
    });
  });
});
