// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { field, listField } from '../../json/fields.ts';
import { dsseEnvelope } from '../../evidence/dsse-envelope.ts';
import { sigstoreBundleText } from '../../evidence/sigstore-bundle.ts';
import { DIGEST, statement, TestSigner } from '../../verify/test-signer.fixture.ts';
import {
  about,
  attestation,
  directory,
  file,
  image,
  key,
  logged,
  root,
  signer,
  stranger,
  verify,
} from './verify-command.fixture.ts';

describe('hallmark verify file', () => {
  it('verifies an envelope and a bundle, and prints signer and subjects', async () => {
    for (const path of [file('e.json', dsseEnvelope(attestation)), file('b.json', sigstoreBundleText(attestation))]) {
      const { code, out, err } = await verify('file', path, '--key', stranger, '--key', key, ...about);
      assert.equal(code, 0, err + out);
      assert.match(out, new RegExp(`signed by key ${signer.key.keyID.replaceAll(/[+/]/g, '.')}`));
      assert.match(
        out,
        /predicate: https:\/\/slsa.dev\/provenance\/v1\n {2}subject: reg.example\/app-0@sha256:a+\nverified\n$/,
      );
    }
  });

  it('exits with 1 and the reason if it does not verify', async () => {
    const path = file('e.json', dsseEnvelope(attestation));
    const cases: Record<string, readonly string[]> = {
      SignatureInvalid: ['--key', stranger, ...about],
      SubjectMismatch: ['--key', key, '--image', `reg.example/app@sha256:${'b'.repeat(64)}`],
      'nothing of type https://spdx.dev/Document': ['--key', key, ...about, '--type', 'https://spdx.dev/Document'],
      LogEntryMissing: ['--key', key, ...about, '--require-log', '--trusted-root', root],
      TimestampMissing: ['--key', key, ...about, '--require-timestamp'],
    };
    for (const [expected, args] of Object.entries(cases)) {
      const { code, out, err } = await verify('file', path, ...args);
      assert.equal(code, 1, expected + err);
      assert.ok(out.includes(expected), `${expected}: ${out}`);
      assert.match(out, /NOT VERIFIED\n$/);
    }
  });

  it('exits with 1 for unreadable evidence', async () => {
    for (const content of ['', '{', '{}', '[]', 'null', '"text"', dsseEnvelope(attestation).replace(']}', ',{}]}')]) {
      const { code, out, err } = await verify('file', file('bad.json', content), '--key', key, ...about);
      assert.equal(code, 1, `${content}: ${out}${err}`);
    }
  });

  it('verifies a logged signature, and refuses an entry that names another key', async () => {
    const args = ['--key', key, ...about, '--require-log', '--trusted-root', root];
    const good = await verify('file', file('logged.json', sigstoreBundleText(logged(attestation))), ...args);
    assert.equal(good.code, 0, good.err + good.out);
    assert.match(good.out, /signed before .* by a transparency log/);
    const other = logged(attestation, new TestSigner().key.publicKey);
    const bad = await verify('file', file('mislogged.json', sigstoreBundleText(other)), ...args);
    assert.equal(bad.code, 1);
    assert.match(bad.out, /LogEntryInvalid: the log entry names another key/);
  });

  it('reads the signed payload from a file for a bundle that does not hold it', async () => {
    const path = file('message.json', sigstoreBundleText(image));
    const args = ['--key', key, ...about];
    assert.equal((await verify('file', path, ...args, '--payload', file('payload', image.payload.toString()))).code, 0);
    assert.equal((await verify('file', path, ...args, '--payload', file('other', '{}'))).code, 1);
    assert.equal((await verify('file', path, ...args)).code, 1);
  });

  it('verifies the image signatures of hallmark sign, with the payload next to the bundle', async () => {
    const bundle: unknown = JSON.parse(sigstoreBundleText(image));
    const printed = (payload: string): string => file('printed.json', [{ type: 'ImageSignature', bundle, payload }]);
    assert.equal((await verify('file', printed(image.payload.toString()), '--key', key, ...about)).code, 0);
    assert.equal((await verify('file', printed('{}'), '--key', key, ...about)).code, 1);
  });

  it('prints the same as JSON', async () => {
    const { out, code } = await verify(
      'file',
      file('e.json', dsseEnvelope(attestation)),
      '--key',
      key,
      ...about,
      '-o',
      'json',
    );
    assert.equal(code, 0);
    const value: unknown = JSON.parse(out);
    assert.equal(field(value, 'verified'), true);
    assert.equal(field(listField(value, 'artifacts')[0], 'outcome'), 'Verified');
  });

  it('prints JSON also if nothing could be judged', async () => {
    const path = file('e.json', dsseEnvelope(attestation));
    const cases: readonly (readonly [number, readonly string[]])[] = [
      [1, [path, '--key', stranger, ...about]],
      [2, [path, ...about]],
      [2, [join(directory, 'none'), '--key', key, ...about]],
    ];
    for (const [expected, args] of cases) {
      const { code, out } = await verify('file', ...args, '-o', 'json');
      assert.equal(code, expected);
      const value: unknown = JSON.parse(out);
      assert.deepEqual([field(value, 'verified'), listField(value, 'problems').length], [false, 1]);
    }
  });

  it('escapes control characters and line breaks in foreign texts', async () => {
    const path = file(
      'e.json',
      dsseEnvelope(signer.artifact(signer.envelope(statement([DIGEST], 'x\nverified\u001b[2J')))),
    );
    const { out, code } = await verify('file', path, '--key', key, ...about);
    assert.equal(code, 1);
    assert.match(out, /the predicate type is "x\\nverified\\u001b\[2J"/);
    assert.doesNotMatch(out, /^verified/m);
  });

  it('refuses a file with a repeated field', async () => {
    const twice = file('twice.json', dsseEnvelope(attestation).replace('{', '{"payloadType":"text/plain",'));
    const { out, code } = await verify('file', twice, '--key', key, ...about);
    assert.equal(code, 1);
    assert.match(out, /MaterialInvalid: the file has the field "payloadType" twice/);
  });

  it('exits with 2 for an invalid command line or file, and with 3 where there is no cluster', async () => {
    const path = file('e.json', dsseEnvelope(attestation));
    const usage: readonly (readonly string[])[] = [
      [path, ...about],
      [path, '--key', key],
      [path, '--key', root, ...about],
      [path, '--key', key, '--digest', 'sha256'],
      [path, '--key', key, '--digest', 'sha256:0000'],
      [path, '--key', key, '--image', 'reg.example/app:latest'],
      [path, '--key', key, ...about, '--type', 'slsa'],
      [path, '--certificate-identity', 'me', ...about],
      [path, '--key', key, ...about, '--trusted-root', key],
      [path, '--kms', 'file:///etc/passwd', ...about],
      [path, '--key', key, ...about, '--unknown'],
      [],
    ];
    for (const args of [[], ['unknown-command']]) assert.equal((await verify(...args)).code, 2, args.join(' '));
    for (const args of usage) assert.equal((await verify('file', ...args)).code, 2, args.join(' '));
    const none = join(directory, 'none');
    for (const args of [
      ['file', none, '--key', key],
      ['file', path, '--key', none],
      ['record', `${none}.yaml`, '--key', key],
      ['run', `${none}.json`, '--key', key],
      ['image', 'reg.example/app:latest', '--key', none],
      ['image', 'reg.example/app:latest', '--key', key, '--registry-ca', none],
    ]) {
      const { code, err } = await verify(...args, ...about);
      assert.equal(code, 2, args.join(' '));
      assert.match(err, /^error: \S+ does not exist\n$/);
    }
    assert.equal((await verify('record', 'some-record', '--key', key, '-n', 'team')).code, 3);
  });
});
