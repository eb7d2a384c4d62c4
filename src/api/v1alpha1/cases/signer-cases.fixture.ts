// SPDX-License-Identifier: Apache-2.0
import type { AcceptedManifest, RefusedManifest } from './case.fixture.ts';
import { anyRepository, clusterPolicy, type Fields, key, policy } from './case-objects.fixture.ts';

const nameRule = "must be an object's name: lower-case letters, digits, '-' and '.', without a namespace";
const urlRule = 'must be an http or https URL without credentials, query and fragment';
const identityRule =
  "signer.kms must name a secretRef or a serviceAccountName: the operator's own identity serves ClusterSigningPolicies only";
const secretRef = { name: 'credentials' };
const rekor = { url: 'https://rekor.example.com' };
const trustedRoot = { type: 'ConfigMap', configMap: { name: 'root' } };
const keyless = { type: 'Keyless', keyless: { fulcioURL: 'https://f.example', serviceAccountName: 'signer' } };
const timestampAuthorities = [{ url: 'https://t.example/api/v1/timestamp', caBundleRef: { name: 'ca' } }];

function withKey(settings: Fields): Fields {
  return policy({ signer: { type: 'Key', key: { secretRef: { name: 'signing-secrets' }, ...settings } } });
}

function withKMS(settings: Fields): Fields {
  return policy({ signer: { type: 'KMS', kms: { uri: 'awskms:///alias/builds', secretRef, ...settings } } });
}

function inCluster(settings: Fields): Fields {
  return clusterPolicy({ subjects: anyRepository, ...settings });
}

/** Signers, logs and trusted roots that must be refused. */
export const signerCases: readonly RefusedManifest[] = [
  {
    name: 'a signer without its member',
    manifest: policy({ signer: { type: 'Key' } }),
    path: 'spec.signer',
    message: 'key must be set when type is Key, and only then',
  },
  {
    name: 'a signer with the member of another',
    manifest: policy({ signer: { ...key, keyless: { fulcioURL: 'https://f.example', serviceAccountName: 'a' } } }),
    path: 'spec.signer',
    message: 'keyless must be set when type is Keyless, and only then',
  },
  {
    name: 'a kind of signer that does not exist',
    manifest: policy({ signer: { ...key, type: 'HSM' } }),
    path: 'spec.signer.type',
    message: 'must be Key or KMS or Keyless',
    serverMessage: 'supported values: "Key", "KMS", "Keyless"',
  },
  {
    name: 'a Secret of another namespace',
    manifest: withKey({ secretRef: { name: 'other/signing-secrets' } }),
    path: 'spec.signer.key.secretRef.name',
    message: nameRule,
  },
  {
    name: 'a key whose window ends before it begins',
    manifest: withKey({ notBefore: '2026-03-01T00:00:00Z', notAfter: '2026-02-01T00:00:00Z' }),
    path: 'spec.signer.key',
    message: 'notBefore must be before notAfter',
  },
  {
    name: 'a window with an invalid time',
    manifest: withKey({ notAfter: 'soon' }),
    path: 'spec.signer.key.notAfter',
    message: 'must be a time as in RFC 3339, such as 2026-01-31T12:00:00Z',
    serverMessage: 'must be of type date-time',
  },
  {
    name: 'a key management service that does not exist',
    manifest: withKMS({ uri: 'kms://key' }),
    path: 'spec.signer.kms.uri',
    message: 'must begin with awskms://, gcpkms://, azurekms://, hashivault:// or openbao://',
  },
  {
    name: 'two ways to authenticate to a key management service',
    manifest: withKMS({ serviceAccountName: 'signer' }),
    path: 'spec.signer.kms',
    message: 'secretRef and serviceAccountName are two ways to authenticate: set one of them',
  },
  {
    name: 'a namespaced policy that would sign as the operator',
    manifest: withKMS({ secretRef: undefined }),
    path: 'spec',
    message: identityRule,
  },
  {
    name: "a namespaced policy that would use the operator's Vault",
    manifest: withKMS({ uri: 'openbao://builds', vault: { keyVersion: 2 } }),
    path: 'spec',
    message: "signer.kms.vault.address must be set: the operator's own server serves ClusterSigningPolicies only",
  },
  ...(['aws', 'google', 'azure'] as const).map((member) => ({
    name: `${member} settings of a Vault key`,
    manifest: withKMS({ uri: 'hashivault://builds', vault: { address: 'https://v.example' }, [member]: {} }),
    path: 'spec.signer.kms',
    message: `${member} belongs to ${{ aws: 'awskms', google: 'gcpkms', azure: 'azurekms' }[member]}:// alone`,
  })),
  {
    name: 'Vault settings of a key in AWS',
    manifest: withKMS({ vault: {} }),
    path: 'spec.signer.kms',
    message: 'vault belongs to hashivault:// and openbao:// alone',
  },
  {
    name: 'a certificate authority with a password in its URL',
    manifest: policy({
      signer: { type: 'Keyless', keyless: { fulcioURL: 'https://a:b@f.example', serviceAccountName: 'a' } },
      transparency: { timestampAuthorities },
      trustedRoot,
    }),
    path: 'spec.signer.keyless.fulcioURL',
    message: urlRule,
  },
  {
    name: 'a log without its settings',
    manifest: policy({ transparency: { type: 'Rekor' }, trustedRoot }),
    path: 'spec.transparency',
    message: 'rekor must be set when type is Rekor, and only then',
  },
  {
    name: 'settings of a log that is off',
    manifest: policy({ transparency: { rekor }, trustedRoot }),
    path: 'spec.transparency',
    message: 'rekor must be set when type is Rekor, and only then',
  },
  {
    name: 'a version of a log that does not exist',
    manifest: policy({ transparency: { type: 'Rekor', rekor: { ...rekor, apiVersion: 3 } }, trustedRoot }),
    path: 'spec.transparency.rekor.apiVersion',
    message: 'must be 1 or 2',
    serverMessage: 'supported values: "1", "2"',
  },
  {
    name: 'a timestamp authority twice',
    manifest: policy({
      transparency: { timestampAuthorities: [{ url: 'https://t.example' }, { url: 'https://t.example' }] },
      trustedRoot,
    }),
    path: 'spec.transparency.timestampAuthorities',
    message: 'must not hold ["https://t.example"] twice',
    serverMessage: 'Duplicate value: {"url":"https://t.example"}',
  },
  ...[
    {},
    { transparency: { type: 'Rekor', rekor: { ...rekor, apiVersion: 2 } } },
    { transparency: { type: 'Rekor', rekor: { ...rekor, onFailure: 'StoreWithout' } } },
  ].map((settings) => ({
    name: `a keyless signer without a witness that has a clock: ${JSON.stringify(settings)}`,
    manifest: policy({ signer: keyless, trustedRoot, ...settings }),
    path: 'spec',
    message:
      'a Keyless signer needs a witness with a clock: set transparency.timestampAuthorities, or transparency.rekor with apiVersion 1 and onFailure Retry',
  })),
  ...[
    { transparency: { type: 'Rekor', rekor } },
    { transparency: { timestampAuthorities } },
    { signer: keyless, transparency: { type: 'Rekor', rekor } },
  ].map((settings) => ({
    name: `witnesses without a trusted root: ${Object.keys(settings.transparency).join(', ')}`,
    manifest: policy(settings),
    path: 'spec',
    message:
      'trustedRoot must be set with a Keyless signer, transparency.rekor or transparency.timestampAuthorities: their output is verified against it',
  })),
  {
    name: 'a trusted root of another kind',
    manifest: policy({ trustedRoot: { type: 'TUF', tuf: { mirror: 'https://tuf.example' }, inline: '{}' } }),
    path: 'spec.trustedRoot',
    message: 'inline must be set when type is Inline, and only then',
  },
];

const kmsURIs = [
  'awskms:///alias/builds',
  'awskms://kms.example:8080/1234abcd-12ab-34cd-56ef-1234567890ab',
  'gcpkms://projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1',
  'azurekms://vault.vault.azure.net/builds/0123',
];

/** Signers, logs and trusted roots that must be accepted. */
export const acceptedSigners: readonly AcceptedManifest[] = [
  {
    name: 'a key with a window',
    manifest: withKey({
      notBefore: '2026-01-01T00:00:00Z',
      notAfter: '2027-01-01T00:00:00Z',
    }),
  },
  ...kmsURIs.map((uri) => ({ name: `the key ${uri}`, manifest: withKMS({ uri }) })),
  {
    name: 'a Vault key as a ServiceAccount',
    manifest: policy({
      signer: {
        type: 'KMS',
        kms: {
          uri: 'openbao://builds',
          serviceAccountName: 'signer',
          caBundleRef: { name: 'ca' },
          vault: { address: 'https://v.example:8200', authentication: { role: 'builds', method: 'Kubernetes' } },
        },
      },
    }),
  },
  {
    name: "a cluster policy that signs as the operator, with the operator's Vault",
    manifest: inCluster({ signer: { type: 'KMS', kms: { uri: 'hashivault://builds' } } }),
  },
  {
    name: 'a keyless policy with a log, a timestamp authority and a root',
    manifest: inCluster({
      signer: keyless,
      transparency: {
        type: 'Rekor',
        rekor: { ...rekor, apiVersion: 2, onFailure: 'StoreWithout' },
        timestampAuthorities,
      },
      trustedRoot,
    }),
  },
  {
    name: 'a keyless policy with a log that states times',
    manifest: policy({ signer: keyless, transparency: { type: 'Rekor', rekor }, trustedRoot }),
  },
  { name: 'an explicit None for the log', manifest: policy({ transparency: { type: 'None' } }) },
];
