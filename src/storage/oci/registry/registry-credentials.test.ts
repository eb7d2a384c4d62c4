// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ObjectReader, TypedSecret } from '../../../credentials/object-reader.ts';
import { KubeError } from '../../../kube/kube-error.ts';
import { matchingEntries } from './credential-match.ts';
import { credentialsFor } from './registry-access.ts';
import { accountSecrets } from './registry-credentials.ts';

const never = new AbortController().signal;
const run = { namespace: 'team', serviceAccountName: 'builder' };
const nothing = (): Promise<undefined> => Promise.resolve(undefined);
const forbidden = new KubeError({ status: 403, reason: 'Forbidden', message: 'no' });

function reader(secrets: Readonly<Record<string, TypedSecret | Error | undefined>>): ObjectReader {
  return {
    getSecret: nothing,
    getConfigMap: nothing,
    getServiceAccount: () => Promise.resolve({ secretNames: Object.keys(secrets) }),
    getTypedSecret: (_namespace, name) => {
      const secret = secrets[name];
      return secret instanceof Error ? Promise.reject(secret) : Promise.resolve(secret);
    },
  };
}

function docker(...keys: readonly string[]): TypedSecret {
  const auths = Object.fromEntries(keys.map((key) => [key, { username: 'u', password: 'planted' }]));
  const data = { '.dockerconfigjson': Buffer.from(JSON.stringify({ auths })) };
  return { type: 'kubernetes.io/dockerconfigjson', annotations: {}, data };
}

function basic(annotations: Readonly<Record<string, string>>): TypedSecret {
  const data = { username: Buffer.from('baker'), password: Buffer.from('planted') };
  return { type: 'kubernetes.io/basic-auth', annotations, data };
}

describe('accountSecrets', () => {
  const repository = { registry: 'reg.example', path: 'team/app' };

  it('uses every Secret for a registry, the longest key first', async () => {
    const supply = await accountSecrets(
      run,
      reader({ one: docker('reg.example'), two: docker('reg.example'), three: docker('reg.example/team') }),
      never,
    );
    const { credentials } = credentialsFor(supply, repository);
    assert.deepEqual(
      credentials.map(({ source }) => source),
      ['Secret team/three', 'Secret team/one', 'Secret team/two'],
    );
  });

  it('uses basic-auth Secrets only for the registries that Tekton annotations name', async () => {
    const annotations = { 'tekton.dev/docker-0': 'https://reg.example', 'tekton.dev/docker-1': 'https://two.example' };
    const supply = await accountSecrets(run, reader({ basic: basic(annotations) }), never);
    const [entry] = matchingEntries(supply.entries, repository);
    assert.deepEqual(entry?.credential.type === 'Basic' ? entry.credential.username : '', 'baker');
    assert.equal(matchingEntries(supply.entries, { registry: 'two.example', path: 'x' }).length, 1);
    assert.deepEqual(matchingEntries(supply.entries, { registry: 'evil.example', path: 'x' }), []);
  });

  it('gives the reason for each Secret without credentials', async () => {
    const opaque = { type: 'Opaque', annotations: {}, data: { 'config.json': Buffer.from('{}') } };
    const broken = { ...docker(), data: { '.dockerconfigjson': Buffer.from('planted') } };
    const supply = await accountSecrets(
      run,
      reader({
        absent: undefined,
        secret: forbidden,
        opaque,
        broken,
        empty: docker(),
        git: basic({ 'tekton.dev/git-0': 'https://git.example' }),
        other: docker('other.example'),
      }),
      never,
    );
    assert.deepEqual(credentialsFor(supply, repository), {
      credentials: [],
      passedOver: [
        'Secret team/other (names no reg.example)',
        'Secret team/absent (does not exist)',
        'Secret team/secret (the operator may not read it)',
        'Secret team/opaque (is of type Opaque with a config.json, not kubernetes.io/dockerconfigjson)',
        'Secret team/broken (cannot be read as a docker configuration)',
        'Secret team/empty (holds no user name and password or token)',
        'Secret team/git (is of type kubernetes.io/basic-auth and has no annotation tekton.dev/docker-0 that names its registry)',
      ],
    });
  });

  it('reports an account that does not exist or lists no Secret', async () => {
    const none = await accountSecrets(run, { ...reader({}), getServiceAccount: nothing }, never);
    assert.deepEqual(none.passedOver, ['ServiceAccount team/builder (does not exist)']);
    const empty = await accountSecrets(run, reader({}), never);
    assert.deepEqual(empty.passedOver, ['ServiceAccount team/builder (lists no Secret under "secrets")']);
  });

  it('fails when the API server does not answer', async () => {
    const away = new KubeError({ status: 503, reason: 'ServiceUnavailable', message: 'away' });
    await assert.rejects(accountSecrets(run, reader({ one: away }), never), away);
  });
});
