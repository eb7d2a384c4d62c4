// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { matchingEntries } from './credential-match.ts';
import { dockerConfigEntries } from './docker-config.ts';
import { parseRepository } from './repository.ts';

function config(keys: readonly string[]): Record<string, Uint8Array> {
  const auths = Object.fromEntries(keys.map((key) => [key, { username: key, password: 'p' }]));
  return { '.dockerconfigjson': Buffer.from(JSON.stringify({ auths })) };
}

/** The key whose credential is used for a repository. */
function chosen(keys: readonly string[], name: string): string | undefined {
  const repository = parseRepository(name);
  assert.ok(repository, name);
  const [entry] = matchingEntries(dockerConfigEntries(config(keys)) ?? [], repository);
  const credential = entry?.credential;
  return credential?.type === 'Basic' ? credential.username : undefined;
}

describe('matchingEntries', () => {
  it('matches by host, port and path prefix', () => {
    assert.equal(chosen(['reg.example'], 'reg.example/team/app'), 'reg.example');
    assert.equal(chosen(['https://reg.example/v1/'], 'reg.example/team/app'), 'https://reg.example/v1/');
    assert.equal(chosen(['https://reg.example/v2/team'], 'reg.example/team/app'), 'https://reg.example/v2/team');
    assert.equal(chosen(['reg.example:5000'], 'reg.example/app'), undefined);
    assert.equal(chosen(['reg.example'], 'reg.example:5000/app'), undefined);
    assert.equal(chosen(['REG.example:5000'], 'reg.EXAMPLE:5000/app'), 'REG.example:5000');
    assert.equal(chosen(['reg.example/team'], 'reg.example/other/app'), undefined);
    assert.equal(chosen(['[::1]:5000'], '[::1]:5000/app'), '[::1]:5000');
  });

  it('matches hosts whole: names that end or begin with another are strangers', () => {
    for (const stranger of ['evil-a.io', 'a.io.evil.example', 'xa.io', 'a.iox', 'www.a.io'])
      assert.equal(chosen(['a.io'], `${stranger}/team/app`), undefined, stranger);
    assert.equal(chosen(['a.io'], 'a.io/team/app'), 'a.io');
  });

  it('does not take one team for the prefix of another', () => {
    assert.equal(chosen(['reg.example/team'], 'reg.example/team-b/app'), undefined);
    assert.equal(chosen(['reg.example/team'], 'reg.example/team'), 'reg.example/team');
  });

  it('prefers the longest key', () => {
    const keys = ['reg.example', 'reg.example/team', 'reg.example/team/app', '*.example'];
    assert.equal(chosen(keys, 'reg.example/team/app/x'), 'reg.example/team/app');
    assert.equal(chosen(keys, 'reg.example/team/other'), 'reg.example/team');
    assert.equal(chosen(keys, 'mirror.example/team'), '*.example');
  });

  it('keeps all that match: the longest key first, and equal ones in their order', () => {
    const one = dockerConfigEntries(config(['reg.example', 'reg.example/team', 'other.example'])) ?? [];
    const two = dockerConfigEntries(config(['https://reg.example/v1/'])) ?? [];
    const matches = matchingEntries([...one, ...two], { registry: 'reg.example', path: 'team/app' });
    assert.deepEqual(
      matches.map(({ key }) => key),
      ['reg.example/team', 'reg.example', 'https://reg.example/v1/'],
    );
  });

  it('matches globs within one label of the host', () => {
    assert.equal(chosen(['*.example'], 'a.b.example/app'), undefined);
    assert.equal(chosen(['*.*.example'], 'a.b.example/app'), '*.*.example');
    assert.equal(chosen(['r?g-*-x.example'], 'reg-eu-x.example/app'), 'r?g-*-x.example');
    assert.equal(chosen(['r*g.example'], 'ring.evil/app'), undefined);
    assert.equal(chosen(['*'], 'reg.example/app'), undefined);
    assert.equal(chosen(['a*b*c.example'], 'axxbyyc.example/app'), 'a*b*c.example');
    assert.equal(chosen(['a*b*c.example'], 'axxbyyd.example/app'), undefined);
  });

  it('matches a hostile pattern in bounded time', () => {
    const before = process.cpuUsage();
    assert.equal(chosen([`${'*a'.repeat(5000)}.example`], `${'a'.repeat(63)}b.example/app`), undefined);
    assert.ok(process.cpuUsage(before).user < 1_000_000);
  });

  it('knows Docker Hub by all its names', () => {
    for (const key of ['https://index.docker.io/v1/', 'docker.io', 'index.docker.io', 'registry-1.docker.io']) {
      assert.equal(chosen([key], 'busybox'), key);
    }
  });
});

describe('dockerConfigEntries', () => {
  const basic = Buffer.from('user:pass:word').toString('base64');

  it('reads both types of Secret and every kind of credential', () => {
    const auths = {
      'a.example': { auth: basic },
      'b.example': { username: 'u', password: 'p' },
      'c.example': { auth: basic, identitytoken: 'refresh' },
      'd.example': { registrytoken: 'bearer' },
      'e.example': {},
    };
    const entries = dockerConfigEntries({ '.dockerconfigjson': Buffer.from(JSON.stringify({ auths })) });
    const seen = entries?.map(({ key, credential }) =>
      credential.type === 'Basic'
        ? [key, credential.username, credential.password.revealText()]
        : [key, credential.type, credential.token.revealText()],
    );
    assert.deepEqual(seen, [
      ['a.example', 'user', 'pass:word'],
      ['b.example', 'u', 'p'],
      ['c.example', 'IdentityToken', 'refresh'],
      ['d.example', 'RegistryToken', 'bearer'],
    ]);
    const legacy = dockerConfigEntries({ '.dockercfg': Buffer.from(JSON.stringify({ 'a.example': { auth: basic } })) });
    assert.equal(legacy?.length, 1);
  });

  it('is undefined for other Secrets and for malformed data', () => {
    for (const text of ['', 'x', '[]', '{"auths":[]}', '{"auths":{"a":{"auth":7}}}']) {
      assert.equal(dockerConfigEntries({ '.dockerconfigjson': Buffer.from(text) }), undefined, text);
    }
    assert.equal(dockerConfigEntries({ password: Buffer.from('x') }), undefined);
  });

  it('prints no secret', () => {
    const auths = { 'a.example': { username: 'u', password: 'hush-1' }, 'b.example': { registrytoken: 'hush-2' } };
    const entries = dockerConfigEntries({ '.dockerconfigjson': Buffer.from(JSON.stringify({ auths })) });
    assert.ok(!`${inspect(entries, { depth: 9, showHidden: true })}${JSON.stringify(entries)}`.includes('hush'));
  });
});
