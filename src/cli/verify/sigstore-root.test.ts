// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { dsseEnvelope } from '../../evidence/dsse-envelope.ts';
import { trustedRootJson } from '../../trust/trust-bed.fixture.ts';
import { TufMirror } from '../../trust/tuf-mirror.fixture.ts';
import { UncheckedError } from '../cli-error.ts';
import { sigstoreRoot } from './sigstore-root.ts';
import { about, attestation, directory, file, verify } from './verify-command.fixture.ts';

describe('the trusted root of Sigstore', () => {
  let mirror: TufMirror;
  let folder: string;
  let folders = 0;
  const names = ['XDG_CACHE_HOME', 'TUF_MIRROR', 'TUF_ROOT_JSON'];
  const own = new Map(names.map((name) => [name, process.env[name]]));
  before(async () => {
    mirror = await TufMirror.start();
  });
  beforeEach(() => {
    folder = join(directory, `cache-${(folders += 1)}`);
    process.env['XDG_CACHE_HOME'] = folder;
    process.env['TUF_MIRROR'] = mirror.url;
    process.env['TUF_ROOT_JSON'] = file('root.json', mirror.rotate());
    mirror.publish(trustedRootJson('https://log.example'));
  });
  after(async () => {
    for (const [name, value] of own) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
    await mirror.down();
  });

  const address = async (): Promise<string | undefined> => (await sigstoreRoot(folder)).tlogs[0]?.baseUrl;

  it('comes from the mirror that the environment names, and is refreshed', async () => {
    assert.equal(await address(), 'https://log.example');
    mirror.publish(trustedRootJson('https://second.example'));
    assert.equal(await address(), 'https://second.example');
  });

  it('is not taken from a mirror that starts with another root', async () => {
    await address();
    mirror.rotate({ honestly: false });
    mirror.publish(trustedRootJson('https://rogue.example'));
    await assert.rejects(sigstoreRoot(folder), UncheckedError);
  });

  it('judges certificates where no --trusted-root is given', async () => {
    const identity = ['--certificate-identity', 'me', '--certificate-oidc-issuer', 'https://i'];
    const args = ['file', file('e.json', dsseEnvelope(attestation)), ...identity, ...about];
    const { code, out } = await verify(...args);
    assert.deepEqual([code, out.includes('NOT VERIFIED')], [1, true], out);
    mirror.replace('timestamp.json', '{');
    const failed = await verify(...args);
    assert.equal(failed.code, 3);
    assert.match(failed.err, /no trusted root from http.*--trusted-root/);
  });
});
