// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { keySource } from '../../src/signing/key/key-source.ts';
import type { SigningSource } from '../../src/signing/signing-source.ts';
import { HeldObjects, signingContext } from '../signing/signing-bed.ts';
import { describeSignerWithCosign } from '../signing/signer-contract.ts';

const pairs = {
  'P-256': generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  'P-384': generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  'P-521': generateKeyPairSync('ec', { namedCurve: 'P-521' }),
  'RSA of 3072 bits': generateKeyPairSync('rsa', { modulusLength: 3072 }),
  Ed25519: generateKeyPairSync('ed25519'),
};

/** The source of a policy whose Secret holds this x509.pem. */
function x509Source(pem: string): SigningSource {
  const objects = new HeldObjects();
  objects.secrets.set('team/keys', { 'x509.pem': Buffer.from(pem) });
  const signer = { type: 'Key', key: { secretRef: { name: 'keys' } } } as const;
  const policy = { kind: 'SigningPolicy', description: 'SigningPolicy team/builds', homeNamespace: 'team' } as const;
  return keySource({ ...policy, signer }, signingContext(objects));
}

/** Parts of a key that must never be shown: lines of its PEM, and its secret number. */
function secretsOf(key: KeyObject): readonly string[] {
  const pem = key.export({ format: 'pem', type: 'pkcs8' }).toString();
  const { d = '' } = key.export({ format: 'jwk' });
  return [...pem.split('\n').slice(1, -2), d];
}

for (const [title, { privateKey }] of Object.entries(pairs)) {
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  describeSignerWithCosign(`an x509.pem with ${title}`, {
    source: () => Promise.resolve(x509Source(pem)),
    digest: title === 'Ed25519' ? null : 'sha256',
    secrets: secretsOf(privateKey),
  });
}
