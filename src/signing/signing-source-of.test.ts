// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';

const root = new URL('../../', import.meta.url);

/** Client libraries that only some clusters use, and cost memory. */
const LIBRARIES = [
  '@aws-sdk/client-dynamodb',
  '@aws-sdk/client-ecr',
  '@aws-sdk/client-kms',
  '@aws-sdk/client-s3',
  '@aws-sdk/credential-provider-web-identity',
  '@azure/identity',
  '@azure/keyvault-keys',
  '@google-cloud/kms',
  '@platformatic/kafka',
  'google-auth-library',
  'mongodb',
  'node-vault',
];

/** A process that loads what the operator is made of, asks for a key, if one is given, and prints the packages that it has loaded. */
const program = `
import { registerHooks } from 'node:module';
const packages = new Set();
registerHooks({
  load: (url, context, next) => {
    const name = url.split('/node_modules/')[1]?.match(/^(?:@[^/]+\\/)?[^/]+/)?.[0];
    if (name !== undefined) packages.add(name);
    return next(url, context);
  },
});
const load = (path) => import(new URL(path, ${JSON.stringify(root.href)}).href);
await load('src/controllers/wiring/learn.ts');
const { signingSource } = await load('src/signing/signing-source-of.ts');
const { EgressClient } = await load('src/net/egress-client.ts');
const { systemClock } = await load('src/runtime/clock.ts');
const uri = process.env.KEY_URI;
if (uri !== undefined) {
  const vault = uri.startsWith('openbao:') ? { vault: { address: 'https://127.0.0.1:1' } } : {};
  const aws = uri.startsWith('awskms:') ? { aws: { region: 'eu-central-1' } } : {};
  const kms = { uri, secretRef: { name: 'missing' }, ...vault, ...aws };
  const nothing = () => Promise.resolve(undefined);
  const objects = { getSecret: nothing, getConfigMap: nothing, getServiceAccount: nothing };
  const context = { objects, tokens: { token: nothing }, egress: new EgressClient(), clock: systemClock, keylessAudience: 'x' };
  const policy = { kind: 'SigningPolicy', description: 'p', homeNamespace: 'n', signer: { type: 'KMS', kms } };
  await signingSource(policy, context).check(new AbortController().signal).catch(() => undefined);
}
console.log(JSON.stringify([...packages]));
`;

/** The libraries that such a process has loaded. */
async function loaded(uri?: string): Promise<readonly string[]> {
  const args = ['--input-type=module', '--eval', program];
  const env = { ...process.env, ...(uri === undefined ? {} : { KEY_URI: uri }) };
  const { stdout } = await promisify(execFile)(process.execPath, args, { env });
  const packages: unknown = JSON.parse(stdout);
  assert.ok(Array.isArray(packages) && packages.includes('undici'), stdout);
  return LIBRARIES.filter((name) => packages.includes(name));
}

describe('what signs', () => {
  it('is loaded with no client library of a service before a policy needs it', async () => {
    assert.deepEqual(await loaded(), []);
  });

  for (const [uri, libraries] of [
    ['awskms:///alias/builds', ['@aws-sdk/client-kms']],
    ['gcpkms://projects/p/locations/l/keyRings/r/cryptoKeys/k', ['@google-cloud/kms', 'google-auth-library']],
    ['azurekms://127.0.0.1:1/builds', ['@azure/keyvault-keys']],
    ['openbao://builds', ['node-vault']],
  ] as const) {
    it(`is loaded with its own library alone by ${uri}`, async () => {
      assert.deepEqual(await loaded(uri), libraries);
    });
  }
});
