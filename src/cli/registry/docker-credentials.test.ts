// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { UncheckedError } from '../cli-error.ts';
import { dockerCredentials } from './docker-credentials.ts';

const basic = (text: string): { readonly auth: string } => ({ auth: Buffer.from(text).toString('base64') });

describe('the logins of the docker configuration', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'hallmark-docker-'));
    // Answers with the registry that it was asked for, so that the test sees the question.
    helper(
      'echo',
      'read server; printf \'{"ServerURL":"%s","Username":"user of %s","Secret":"s3cret"}\' "$server" "$server"',
    );
    helper('token', 'printf \'{"Username":"<token>","Secret":"identity"}\'');
    helper('none', 'echo "credentials not found in native keychain"; exit 1');
    helper('broken', 'echo "the keychain is locked"; exit 1');
    helper('odd', 'echo "s3cret"');
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  function helper(name: string, script: string): void {
    writeFileSync(join(folder, `docker-credential-${name}`), `#!/bin/sh\n[ "$1" = get ] || exit 9\n${script}\n`, {
      mode: 0o755,
    });
  }

  async function logins(config: object | undefined, registry = 'reg.example:5000'): Promise<readonly string[]> {
    const environment = { DOCKER_CONFIG: folder, PATH: `${folder}:${process.env['PATH'] ?? ''}` };
    rmSync(join(folder, 'config.json'), { force: true });
    if (config !== undefined) writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
    const entries = await dockerCredentials({ registry, path: 'team/app' }, environment);
    return entries.map(({ credential }) =>
      credential.type === 'Basic'
        ? `${credential.username}:${credential.password.revealText()}`
        : `${credential.type}:${credential.token.revealText()}`,
    );
  }

  const auths = { 'reg.example:5000': basic('file:pass') };
  const cases: readonly (readonly [string, object | undefined, readonly string[]])[] = [
    ['are none without a configuration', undefined, []],
    ['are those of the file', { auths }, ['file:pass']],
    [
      'come first from the helper of the registry',
      { auths, credHelpers: { 'reg.example:5000': 'echo' }, credsStore: 'broken' },
      ['user of reg.example:5000:s3cret', 'file:pass'],
    ],
    ['come from the store of all registries', { credsStore: 'echo' }, ['user of reg.example:5000:s3cret']],
    ['ask no helper of another registry', { credHelpers: { 'other.example': 'broken' }, auths }, ['file:pass']],
    ['may be an identity token', { credsStore: 'token' }, ['IdentityToken:identity']],
    ['are those of the file where the helper has none', { auths, credsStore: 'none' }, ['file:pass']],
  ];
  for (const [what, config, expected] of cases) {
    it(what, async () => {
      assert.deepEqual(await logins(config), expected);
    });
  }

  it('name Docker Hub as its helpers know it', async () => {
    const expected = ['user of https://index.docker.io/v1/:s3cret'];
    assert.deepEqual(await logins({ credsStore: 'echo' }, 'index.docker.io'), expected);
    assert.deepEqual(await logins({ credHelpers: { 'docker.io': 'echo' } }, 'index.docker.io'), expected);
  });

  const failures: readonly (readonly [string, string, RegExp])[] = [
    ['fails', 'broken', /^docker-credential-broken has no login for reg\.example:5000: the keychain is locked$/],
    ['is not installed', 'missing', /^docker-credential-missing is not installed/],
    [
      'gives something that is not a login',
      'odd',
      /^docker-credential-odd gave an answer for reg\.example:5000 that is not a login$/,
    ],
    ['is a path', '../../bin/sh', /is not a credential helper$/],
  ];
  for (const [what, name, message] of failures) {
    it(`fail where the helper ${what}`, async () => {
      await assert.rejects(logins({ credsStore: name }), (error) => {
        assert.ok(error instanceof UncheckedError);
        assert.match(error.message, message);
        return true;
      });
    });
  }
});
