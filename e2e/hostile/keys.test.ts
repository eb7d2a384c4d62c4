// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { managedRuns, ManagedRuns } from '../resilience/managed-runs.ts';
import { pkcs8Pem, unsoundKeys } from '../../src/signing/key/unsound-keys.fixture.ts';
import { conditionOf } from '../harness/record.ts';
import { KEY_SECRET, type Team } from '../harness/team.ts';
import { HostileBed } from './hostile-bed.ts';

interface BadKey {
  readonly title: string;
  readonly data: (cosignKey: string) => Readonly<Record<string, string>>;
  readonly message: RegExp;
}

const unsound = unsoundKeys();
const pem = (label: string, body: string): string => `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`;
const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ type: 'pkcs8', format: 'pem' });
const encryptedKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
  type: 'pkcs8',
  format: 'pem',
  cipher: 'aes-256-cbc',
  passphrase: 'planted-passphrase',
});

/** cosign's key file with some of its scrypt parameters replaced. */
function withCost(cosignKey: string, cost: object): string {
  const [, label = '', body = ''] = /-----BEGIN ([^-]+)-----([^-]+)/.exec(cosignKey) ?? [];
  const file: unknown = JSON.parse(Buffer.from(body, 'base64').toString('utf8'));
  const text = JSON.stringify(file, (name, value: unknown) =>
    name === 'params' && typeof value === 'object' ? { ...value, ...cost } : value,
  );
  return pem(label, Buffer.from(text).toString('base64'));
}

const badKeys: readonly BadKey[] = [
  { title: 'garbage', data: () => ({ 'x509.pem': '\u0000\ufffd not a key' }), message: /holds no PEM block/ },
  { title: 'an empty entry', data: () => ({ 'x509.pem': '' }), message: /holds no PEM block/ },
  {
    title: 'a PEM block of another label',
    data: () => ({ 'x509.pem': pem('CERTIFICATE', 'AAAA') }),
    message: /"CERTIFICATE" where "PRIVATE KEY"/,
  },
  {
    title: 'a PEM block of the right label around nothing',
    data: () => ({ 'x509.pem': pem('PRIVATE KEY', 'AAAA') }),
    message: /not a PKCS#8 key/,
  },
  {
    title: 'an RSA key that is too short',
    data: () => ({ 'x509.pem': rsa.toString() }),
    message: /a key that is not ECDSA/,
  },
  {
    title: 'an encrypted key',
    data: () => ({ 'x509.pem': encryptedKey.toString() }),
    message: /"ENCRYPTED PRIVATE KEY" where/,
  },
  ...['the public half of another key', 'a secret number of zero, without a public half'].map((what) => ({
    title: `a key with ${what}`,
    data: () => ({ 'x509.pem': pkcs8Pem(unsound[what] ?? Buffer.alloc(0)).toString() }),
    message: /makes no valid signatures/,
  })),
  {
    title: 'a truncated cosign.key',
    data: (key) => ({ 'cosign.key': key.slice(0, key.length / 2), 'cosign.password': '' }),
    message: /PEM block|cosign's encryption/,
  },
  {
    title: 'a wrong cosign.password',
    data: (key) => ({ 'cosign.key': key, 'cosign.password': 'planted-wrong-password' }),
    message: /cannot be decrypted/,
  },
  {
    title: 'scrypt parameters that would take terabytes',
    data: (key) => ({ 'cosign.key': withCost(key, { N: 2 ** 40 }), 'cosign.password': '' }),
    message: /is not cosign's encryption/,
  },
  {
    title: 'scrypt parameters that would take hours',
    data: (key) => ({ 'cosign.key': withCost(key, { p: 2 ** 30 }), 'cosign.password': '' }),
    message: /is not cosign's encryption/,
  },
];

describe('a key Secret that cannot sign', () => {
  let bed: HostileBed;
  let cosignKey: string;
  before(async () => {
    bed = await HostileBed.start({ label: 'hostile-keys' });
    cosignKey = readFileSync((await bed.installation.testbed.cosign.generateKeyPair('team')).privateKey, 'utf8');
  });
  after(() => bed.stop());

  /** A team with another key Secret than a good one. */
  async function teamWith(name: string, data?: Readonly<Record<string, string>>): Promise<Team> {
    if (data !== undefined) {
      const metadata = { name: KEY_SECRET, namespace: name };
      // Before the policy, which looks for its key again only after some seconds.
      await bed.installation.apply(
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
        { apiVersion: 'v1', kind: 'Secret', metadata, stringData: data },
      );
    }
    return bed.installation.team({ name, policy: managedRuns, withKey: false });
  }

  // Each in a team of its own.
  describe('of one team', { concurrency: 4 }, () => {
    for (const [index, { title, data, message }] of badKeys.entries()) {
      it(`says KeyInvalid of ${title}, on policy and record, and quotes none of it`, async () => {
        const entries = data(cosignKey);
        const team = await teamWith(`team-bad-${index}`, entries);
        const run = await new ManagedRuns(bed.client, team).build({ name: 'unsigned' });
        const record = await bed.recordWithReason(run, 'KeyInvalid', team);
        assert.match(record.status?.message ?? '', message);
        assert.match(record.status?.message ?? '', new RegExp(`${team.name}/${KEY_SECRET}`));
        assert.ok(record.evidence?.artifacts?.every(({ signature }) => signature === undefined));
        await bed.installation.wait(team.name, 'signingpolicy/builds', 'condition=KeyReady=False');
        const policy = await bed.installation.json(['get', 'signingpolicy', 'builds', '-n', team.name]);
        assert.match(JSON.stringify(policy), /"reason":"KeyInvalid"/);
        const texts = [JSON.stringify(policy), JSON.stringify(record), bed.operator.log()];
        const quoted = Object.values(entries).flatMap((entry) => entry.split('\n').filter((line) => line.length >= 12));
        const secrets = quoted.filter((line) => !line.startsWith('-----'));
        assert.deepEqual(
          secrets.filter((secret) => texts.some((text) => text.includes(secret))),
          [],
        );
      });
    }

    it('signs what waited for a key when a good one takes its place', async () => {
      const team = await teamWith('team-mended', { 'x509.pem': 'nonsense' });
      const run = await new ManagedRuns(bed.client, team).build({ name: 'waiting' });
      await bed.recordWithReason(run, 'KeyInvalid', team);
      await team.createKeySecret();
      const record = await bed.readyRecord(run, team);
      assert.ok(record.evidence?.artifacts?.every(({ publicKey }) => publicKey === team.key.publicKey));
    });

    it('reads no Secret of another namespace, whatever a policy names', async () => {
      const { name: other } = bed.team;
      const reader = await teamWith('team-reader');
      const refuses = async (secretRef: object): Promise<void> => {
        const patch = { spec: { signer: { type: 'Key', key: { secretRef } } } };
        await assert.rejects(bed.installation.patch(reader.name, 'signingpolicy/builds', patch), {
          name: 'CommandFailed',
        });
      };
      for (const name of [
        `${other}/${KEY_SECRET}`,
        `../${other}/${KEY_SECRET}`,
        `${KEY_SECRET}?namespace=${other}`,
        '..',
      ]) {
        await refuses({ name });
      }
      await bed.installation
        .patch(reader.name, 'signingpolicy/builds', {
          spec: { signer: { type: 'Key', key: { secretRef: { name: KEY_SECRET, namespace: other } } } },
        })
        .catch(() => undefined); // a kubectl that checks fields strictly refuses it, others drop the field
      // The other team's Secret has that very name, and it must not be found.
      const run = await new ManagedRuns(bed.client, reader).build({ name: 'reaching-out' });
      const record = await bed.recordWithReason(run, 'KeyNotFound', reader);
      assert.match(record.status?.message ?? '', new RegExp(`Secret "${reader.name}/${KEY_SECRET}" does not exist`));
      assert.equal(conditionOf(record, 'Signed')?.status, 'False');
    });
  });

  it('leaves the operator and the other teams unharmed', () => bed.assertUnharmed());
});
