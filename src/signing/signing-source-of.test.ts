// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import Type from 'typebox';
import { Compile } from 'typebox/compile';

const root = new URL('../../', import.meta.url);

/** Client libraries that only some clusters use, and cost memory. */
const LIBRARIES = [
  '@aws-sdk/client-dynamodb',
  '@aws-sdk/client-ecr',
  '@aws-sdk/client-kms',
  '@aws-sdk/client-s3',
  '@aws-sdk/credential-provider-web-identity',
  '@azure/keyvault-keys',
  '@azure/msal-node',
  '@google-cloud/kms',
  '@platformatic/kafka',
  'google-auth-library',
  'mongodb',
  'node-vault',
];

/** The keys by the service that holds them, and the libraries of that service. */
const services: Readonly<Record<string, readonly string[]>> = {
  'awskms:///alias/builds': ['@aws-sdk/client-kms'],
  'gcpkms://projects/p/locations/l/keyRings/r/cryptoKeys/k': ['@google-cloud/kms', 'google-auth-library'],
  'azurekms://127.0.0.1:1/builds': ['@azure/keyvault-keys'],
  'openbao://builds': ['node-vault'],
};

/** A process that loads what the operator is made of, and asks for one key after the other. It prints what it has loaded before and after each. */
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
const nothing = () => Promise.resolve(undefined);
const objects = { getSecret: nothing, getConfigMap: nothing, getServiceAccount: nothing };
const context = { objects, tokens: { token: nothing }, egress: new EgressClient(), clock: systemClock, keylessAudience: 'x' };
const steps = [[...packages]];
for (const uri of JSON.parse(process.env.KEY_URIS)) {
  const vault = uri.startsWith('openbao:') ? { vault: { address: 'https://127.0.0.1:1' } } : {};
  const aws = uri.startsWith('awskms:') ? { aws: { region: 'eu-central-1' } } : {};
  const kms = { uri, secretRef: { name: 'missing' }, ...vault, ...aws };
  const policy = { kind: 'SigningPolicy', description: 'p', homeNamespace: 'n', signer: { type: 'KMS', kms } };
  await signingSource(policy, context).check(new AbortController().signal).catch(() => undefined);
  steps.push([...packages]);
}
console.log(JSON.stringify(steps));
`;
const Steps = Compile(Type.Array(Type.Array(Type.String())));

/** The libraries that such a process has loaded before the first key, and after each. */
async function loaded(uris: readonly string[]): Promise<readonly (readonly string[])[]> {
  const args = ['--input-type=module', '--eval', program];
  const env = { ...process.env, KEY_URIS: JSON.stringify(uris) };
  const { stdout } = await promisify(execFile)(process.execPath, args, { env });
  const steps = Steps.Parse(JSON.parse(stdout));
  assert.ok(
    steps.every((packages) => packages.includes('undici')),
    stdout,
  );
  return steps.map((packages) => LIBRARIES.filter((name) => packages.includes(name)));
}

/** The libraries that are to be there before the first key, and after each. */
function expected(uris: readonly string[]): readonly (readonly string[])[] {
  return [0, ...uris.map((_, index) => index + 1)].map((count) => {
    const names = uris.slice(0, count).flatMap((uri) => services[uri] ?? []);
    return LIBRARIES.filter((name) => names.includes(name));
  });
}

describe('what signs', () => {
  // In one order and the other, so that a service that loads the library of another is found whichever comes first.
  for (const [order, uris] of Object.entries({
    'one order': Object.keys(services),
    'the other order': Object.keys(services).toReversed(),
  }))
    it(`is loaded with no library of a service before a policy needs it, and then with its own alone, in ${order}`, async () => {
      assert.deepEqual(await loaded(uris), expected(uris));
    });
});
