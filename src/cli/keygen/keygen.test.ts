// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { parse } from 'yaml';
import { loadKeySigner } from '../../signing/key/load-key-signer.ts';
import { keyType } from '../../signing/signing-algorithm.ts';
import { commandInProcess, type Ended } from '../command-in-process.fixture.ts';
import { keygenCommand } from './keygen.ts';

const hallmark = fileURLToPath(new URL('../../../bin/hallmark', import.meta.url));
const Secret = Compile(
  Type.Object({
    apiVersion: Type.Literal('v1'),
    kind: Type.Literal('Secret'),
    metadata: Type.Object({ name: Type.String(), namespace: Type.Optional(Type.String()) }),
    type: Type.Literal('Opaque'),
    data: Type.Record(Type.String(), Type.String()),
  }),
);

/** To encrypt a key takes a third of a second of processor time. */
const unencrypted = ['--format', 'x509'];

/** Reads the entries of the Secret in a manifest. */
function entriesOf(manifest: string): Readonly<Record<string, Buffer>> {
  const { data } = Secret.Parse(parse(manifest));
  return Object.fromEntries(Object.entries(data).map(([name, value]) => [name, Buffer.from(value, 'base64')]));
}

describe('hallmark keygen', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'hallmark-keygen-'));
  });
  const outside = process.cwd();
  afterEach(() => {
    process.chdir(outside);
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });
  beforeEach(() => {
    process.chdir(folder);
    for (const name of readdirSync(folder)) rmSync(join(folder, name));
  });

  /** The command with this $COSIGN_PASSWORD or none. */
  async function keygen(args: readonly string[], password?: string): Promise<Ended> {
    const before = process.env['COSIGN_PASSWORD'];
    setPassword(password);
    try {
      return await commandInProcess(keygenCommand(), args);
    } finally {
      setPassword(before);
    }
  }

  function setPassword(password: string | undefined): void {
    if (password === undefined) delete process.env['COSIGN_PASSWORD'];
    else process.env['COSIGN_PASSWORD'] = password;
  }

  function keygenProcess(args: readonly string[], env: Readonly<Record<string, string>> = {}): Ended {
    const { PATH = '', NODE_COMPILE_CACHE = '' } = process.env;
    const ended = spawnSync(process.execPath, [hallmark, 'keygen', ...args], {
      cwd: folder,
      encoding: 'utf8',
      timeout: 60_000,
      env: { PATH, NODE_COMPILE_CACHE, ...env },
    });
    return { code: ended.status, out: ended.stdout, err: ended.stderr };
  }

  const kinds = { p256: 'P-256', p384: 'P-384', p521: 'P-521', rsa: 'RSA', ed25519: 'Ed25519' } as const;
  type Kind = keyof typeof kinds;

  /** Checks that the operator signs with the key of this Secret. @returns the entries of the Secret */
  async function signsWith({ code, out, err }: Ended, algorithm: Kind): Promise<Readonly<Record<string, Buffer>>> {
    assert.equal(code, 0, err);
    const entries = entriesOf(out);
    const signer = await loadKeySigner(entries, 's');
    assert.ok(err.includes(signer.keyID), err);
    assert.equal(keyType(createPublicKey(signer.publicKey)), kinds[algorithm]);
    assert.equal((entries['cosign.pub'] ?? entries['x509.pub'])?.toString(), signer.publicKey);
    return entries;
  }

  for (const algorithm of ['p256', 'p384', 'p521', 'ed25519'] as const) {
    it(`makes an x509 Secret with a ${algorithm} key that the operator signs with`, async () => {
      const entries = await signsWith(await keygen(['--algorithm', algorithm, '--format', 'x509']), algorithm);
      assert.deepEqual(Object.keys(entries).sort(), ['x509.pem', 'x509.pub']);
    });
  }

  it('makes an encrypted key with a random password by default, P-256 or RSA, in a manifest without a namespace', async () => {
    const [p256, rsa] = [await keygen([]), await keygen(['--algorithm', 'rsa'])];
    const { metadata } = Secret.Parse(parse(p256.out));
    assert.deepEqual(metadata, { name: 'signing-secrets' });
    const passwords = [await signsWith(p256, 'p256'), await signsWith(rsa, 'rsa')].map(
      (entries) => entries['cosign.password']?.toString() ?? '',
    );
    for (const password of passwords) assert.match(password, /^[\w-]{43}$/);
    assert.notEqual(passwords[0], passwords[1]);
  });

  type Making = (args: readonly string[]) => Ended | Promise<Ended>;
  const sources: readonly (readonly [string, Kind, string, Making])[] = [
    [
      'from a file without its line break',
      'p384',
      'planted-in-file',
      (args) => {
        writeFileSync(join(folder, 'password'), 'planted-in-file\n');
        return keygen([...args, '--password-file', 'password'], 'planted-in-env');
      },
    ],
    [
      'from the environment of its process',
      'p521',
      'planted-in-env',
      (args) => keygenProcess(args, { COSIGN_PASSWORD: 'planted-in-env' }),
    ],
    ['that is empty', 'ed25519', '', (args) => keygen(args, '')],
  ];
  for (const [source, algorithm, password, make] of sources) {
    it(`makes a cosign Secret with a ${algorithm} key and the password ${source}, and shows it nowhere else`, async () => {
      const made = await make(['--algorithm', algorithm, '--format', 'cosign']);
      const entries = await signsWith(made, algorithm);
      assert.equal(entries['cosign.password']?.toString(), password);
      assert.ok(password === '' || !`${made.out}${made.err}`.includes(password));
    });
  }

  it('uses the given name and namespace of the Secret', async () => {
    const { out } = await keygen([...unencrypted, '--name', 'release-2026', '-n', 'team-a']);
    assert.deepEqual(Secret.Parse(parse(out)).metadata, { name: 'release-2026', namespace: 'team-a' });
  });

  it('writes secret files for their owner alone, the public key for everyone, and nothing to standard output', async () => {
    const args = ['-o', 'secret.yaml', '--private-key', 'cosign.key', '--public-key', 'cosign.pub'];
    const { code, out, err } = await keygen(args);
    assert.deepEqual([code, out], [0, ''], err);
    const entries = entriesOf(readFileSync(join(folder, 'secret.yaml'), 'utf8'));
    for (const name of ['cosign.key', 'cosign.pub']) {
      assert.equal(readFileSync(join(folder, name), 'utf8'), entries[name]?.toString());
    }
    const modes = ['secret.yaml', 'cosign.key', 'cosign.pub'].map((name) => statSync(join(folder, name)).mode & 0o777);
    assert.deepEqual(modes, [0o600, 0o600, 0o644]);
  });

  for (const flag of ['-o', '--private-key', '--public-key']) {
    it(`overwrites no file of ${flag} without --force, and with it not the target of a link`, async () => {
      writeFileSync(join(folder, 'precious'), 'precious', { mode: 0o644 });
      symlinkSync('precious', join(folder, 'taken'));
      const refused = await keygen([...unencrypted, '-o', 'first.yaml', flag, 'taken']);
      assert.equal(refused.code, 2);
      assert.match(refused.err, /taken exists already: name another file, or replace it with --force/);
      assert.deepEqual(readdirSync(folder).sort(), ['precious', 'taken'], 'nothing was written');
      assert.equal((await keygen([...unencrypted, flag, 'taken', '--force'])).code, 0);
      assert.equal(readFileSync(join(folder, 'precious'), 'utf8'), 'precious');
      assert.match(readFileSync(join(folder, 'taken'), 'utf8'), /Secret|BEGIN/);
    });
  }

  it('overwrites no link, not even a dangling one', async () => {
    symlinkSync('nowhere', join(folder, 'taken'));
    const { code, err } = await keygen([...unencrypted, '-o', 'first.yaml', '--public-key', 'taken']);
    assert.equal(code, 2);
    assert.match(err, /taken exists already/);
    assert.deepEqual(readdirSync(folder), ['taken'], 'nothing was written');
  });

  for (const force of [[], ['--force']]) {
    it(`writes all files or none ${force.join('')}`, async () => {
      writeFileSync(join(folder, 'precious'), 'precious');
      const taken = force.length === 0 ? 'new' : 'precious';
      const args = ['-o', taken, '--public-key', 'no-folder/x509.pub', ...force];
      const { code, out, err } = await keygen([...unencrypted, ...args]);
      assert.deepEqual([code, out], [2, '']);
      assert.match(err, /no-folder/);
      assert.deepEqual(readdirSync(folder), ['precious']);
      assert.equal(readFileSync(join(folder, 'precious'), 'utf8'), 'precious');
    });
  }

  const mistakes: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['an unknown algorithm', ['--algorithm', 'dsa'], /Allowed choices are p256, p384, p521, rsa, ed25519/],
    ['a name that no Secret can have', ['--name', 'Team A'], /must be an object's name/],
    ['a password file that is not there', ['--password-file', 'none'], /^error: none does not exist$/m],
    [
      'a file in a folder that is not there',
      ['-o', '/nowhere/key.yaml'],
      /^error: \/nowhere\/key\.yaml cannot be written: its folder does not exist$/m,
    ],
    ['a password that nothing is encrypted with', ['--format', 'x509', '--password-prompt'], /takes no password/],
    ['a prompt without a terminal', ['--password-prompt'], /no terminal.*--password-file/],
    ['two passwords', ['--password-prompt', '--password-file', 'f'], /cannot be used with/],
    ['one file for two things', ['-o', 'x', '--private-key', './x', '--force'], /\.\/x is named twice/],
    ['a private key on standard output', ['--private-key', '-'], /must be a file/],
    ['a namespace that none can be', ['-n', 'team.a'], /must be a namespace's name/],
    ['arguments', ['secret.yaml'], /too many arguments/],
  ];
  it('ends a process with 2 for a mistake, too', () => {
    const { code, out, err } = keygenProcess(['--name', 'Team A']);
    assert.deepEqual([code, out], [2, '']);
    assert.match(err, /must be an object's name/);
  });

  for (const [what, args, message] of mistakes) {
    it(`exits with 2 and writes nothing for ${what}`, async () => {
      const { code, out, err } = await keygen(args);
      assert.deepEqual([code, out], [2, '']);
      assert.match(err, message);
    });
  }
});
