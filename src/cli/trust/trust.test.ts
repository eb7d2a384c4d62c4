// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { field, listField } from '../../json/fields.ts';
import { TestLog } from '../../verify/test-log.fixture.ts';
import { exitCodeOf } from '../usage-exit.ts';
import { trustCommand } from './trust.ts';
import { file, signer } from '../verify/verify-command.fixture.ts';

const PROVENANCE = 'https://slsa.dev/provenance/v1';
const IMAGE_SIGNATURE = 'https://sigstore.dev/cosign/sign/v1';
const inline = JSON.stringify({ tlogs: [new TestLog().trust] });
const timestampAuthorities = [{ url: 'https://timestamp.example' }];
const bundles = { imageSignatures: { formats: ['SigstoreStatement'] } };

/** Runs the command for a policy with these members of its spec. */
async function printed(verifier: string, spec: object, code = 0, status: object = {}): Promise<string> {
  const path = file('policy.json', {
    apiVersion: 'hallmark.dev/v1alpha1',
    kind: 'SigningPolicy',
    metadata: { name: 'builds', namespace: 'team' },
    spec: {
      signer: { type: 'Key', key: { secretRef: { name: 'k' } } },
      trustedRoot: { type: 'Inline', inline },
      ...spec,
    },
    status: { verificationKeys: [{ ...signer.key, state: 'Active' }], ...status },
  });
  let out = '';
  const command = trustCommand().configureOutput({ writeOut: (text) => (out += text), writeErr: () => undefined });
  try {
    await command.parseAsync(['-f', path, '-o', verifier], { from: 'user' });
    assert.equal(code, 0);
  } catch (error) {
    assert.equal(exitCodeOf(error), code, String(error));
  }
  return out;
}

async function documents(verifier: string, spec: object): Promise<readonly unknown[]> {
  const all: unknown[] = [];
  for (const document of parseAllDocuments(await printed(verifier, spec))) all.push(document.toJS());
  return all;
}

describe('the policy for Kyverno', () => {
  const rule = async (spec: object): Promise<unknown> => {
    const [policy] = await documents('kyverno', spec);
    return listField(listField(field(policy, 'spec'), 'rules')[0], 'verifyImages')[0];
  };
  const types = (images: unknown): readonly unknown[] =>
    listField(images, 'attestations').map((attestation) => field(attestation, 'type'));

  it("requires signature and provenance in cosign's tags", async () => {
    const images = await rule({});
    assert.deepEqual([field(images, 'type'), types(images)], [undefined, [PROVENANCE]]);
    assert.equal(listField(images, 'attestors').length, 1);
  });

  it('requires both by their types in bundles', async () => {
    const images = await rule(bundles);
    assert.deepEqual([field(images, 'type'), types(images)], ['SigstoreBundle', [IMAGE_SIGNATURE, PROVENANCE]]);
    assert.equal(field(images, 'attestors'), undefined);
  });
});

describe("the policies for Sigstore's policy-controller", () => {
  const authorities = async (spec: object): Promise<readonly unknown[]> =>
    (await documents('policy-controller', spec))
      .filter((object) => field(object, 'kind') === 'ClusterImagePolicy')
      .map((object) => listField(field(object, 'spec'), 'authorities')[0]);
  const summary = (authority: unknown): readonly unknown[] => [
    field(authority, 'signatureFormat'),
    ...listField(authority, 'attestations').map((attestation) => field(attestation, 'predicateType')),
  ];

  it("requires signature and provenance in cosign's tags", async () => {
    assert.deepEqual((await authorities({})).map(summary), [[undefined], [undefined, PROVENANCE]]);
  });

  it('requires both as attestations in bundles', async () => {
    const found = [
      ['bundle', IMAGE_SIGNATURE],
      ['bundle', PROVENANCE],
    ];
    assert.deepEqual((await authorities(bundles)).map(summary), found);
  });

  it('requires timestamps only if they cover what it checks', async () => {
    const timed = { transparency: { type: 'None', timestampAuthorities } };
    const asked = async (spec: object): Promise<readonly boolean[]> =>
      (await authorities({ ...timed, ...spec })).map((authority) => field(authority, 'rfc3161timestamp') !== undefined);
    assert.deepEqual(await asked({}), [true, false]);
    assert.deepEqual(await asked(bundles), [true, true]);
  });
});

describe('the script for cosign', () => {
  it('checks at least one thing, and each by its own type', async () => {
    const checks = async (spec: object): Promise<readonly string[]> =>
      (await printed('cosign', spec)).split('\n').filter((line) => line.startsWith('cosign '));
    assert.match(
      (await checks({})).join('\n'),
      /^cosign verify --new-bundle-format=false .*\ncosign verify-attestation --type/,
    );
    const inBundles = (await checks(bundles)).join('\n');
    assert.match(inBundles, /--type 'https:\/\/sigstore.dev\/cosign\/sign\/v1' .*\n.*--type 'https:\/\/slsa.dev/);
    const either = await checks({ imageSignatures: { formats: ['SimpleSigning', 'SigstoreStatement'] } });
    assert.deepEqual([either.length, either[0]?.endsWith('||')], [3, true]);
    const rekor = { url: 'https://log.example', apiVersion: 2 };
    assert.equal((await checks({ transparency: { type: 'Rekor', rekor } })).length, 1);
    assert.equal((await checks({ imageSignatures: { formats: [] } })).length, 1);
    assert.equal((await checks({ attestation: { format: 'None' } })).length, 1);
  });

  it('is refused for a policy that stores nothing in a registry', async () => {
    const rekor = { url: 'https://log.example', apiVersion: 2 };
    const nothing = { attestation: { format: 'None' }, transparency: { type: 'Rekor', rekor } };
    for (const verifier of ['cosign', 'kyverno', 'policy-controller']) {
      assert.equal(await printed(verifier, nothing, 2), '');
    }
  });
});

describe('for a policy that signs with certificates and lists a key', () => {
  const certificateIdentity = { identity: 'https://kubernetes.io/namespaces/a/serviceaccounts/s', issuer: 'https://i' };
  const verificationKeys = [{ ...signer.key, state: 'Retired' }];
  const signs = { type: 'Keyless', keyless: { fulcioURL: 'https://f.example', serviceAccountName: 's' } };
  const spec = { signer: signs, transparency: { type: 'Rekor', rekor: { url: 'https://log.example' } } };
  const text = (verifier: string): Promise<string> =>
    printed(verifier, spec, 0, { certificateIdentity, verificationKeys });
  const pem = signer.key.publicKey.split('\n')[1] ?? '';

  for (const verifier of ['cosign', 'kyverno', 'policy-controller']) {
    it(`${verifier} accepts both`, async () => {
      const given = await text(verifier);
      assert.ok(given.includes(certificateIdentity.identity) && given.includes(pem), given);
    });
  }

  it('conforma, which accepts one signer, accepts the active one', async () => {
    const given = await text('conforma');
    assert.deepEqual([given.includes(certificateIdentity.identity), given.includes(pem)], [true, false]);
  });
});
