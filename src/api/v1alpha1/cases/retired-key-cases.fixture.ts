// SPDX-License-Identifier: Apache-2.0
import type { AcceptedManifest, RefusedManifest } from './case.fixture.ts';
import { type Fields, policy } from './case-objects.fixture.ts';

const kms = { uri: 'awskms:///alias/builds', secretRef: { name: 'credentials' } };
const keyless = { fulcioURL: 'https://f.example', serviceAccountName: 'signer' };

/** The fields that a keyless signer requires. */
const witnessed = {
  transparency: { type: 'Rekor', rekor: { url: 'https://rekor.example.com' } },
  trustedRoot: { type: 'ConfigMap', configMap: { name: 'root' } },
};

/** A policy for each type of signer, with retired keys. */
const signers: readonly (readonly [member: string, withRetired: (retired: readonly Fields[]) => Fields])[] = [
  ['key', (retired) => policy({ signer: { type: 'Key', key: { secretRef: { name: 'signing-secrets' }, retired } } })],
  ['kms', (retired) => policy({ signer: { type: 'KMS', kms: { ...kms, retired } } })],
  ['keyless', (retired) => policy({ signer: { type: 'Keyless', keyless: { ...keyless, retired } }, ...witnessed })],
];

/** Lists of retired keys that must be refused. */
export const retiredKeyCases: readonly RefusedManifest[] = signers.flatMap(([member, withRetired]) => [
  {
    name: `a retired key of ${member} whose window ends before it begins`,
    manifest: withRetired([{ name: 'old', notBefore: '2026-02-01T12:00:00+02:00', notAfter: '2026-02-01T10:00:00Z' }]),
    path: `spec.signer.${member}.retired[0]`,
    message: 'notBefore must be before notAfter',
  },
  {
    name: `a retired key of ${member} in another namespace`,
    manifest: withRetired([{ name: 'other/old' }]),
    path: `spec.signer.${member}.retired[0].name`,
    message: "must be an object's name: lower-case letters, digits, '-' and '.', without a namespace",
  },
  {
    name: `a retired key of ${member} twice`,
    manifest: withRetired([{ name: 'old' }, { name: 'old', notAfter: '2026-02-01T00:00:00Z' }]),
    path: `spec.signer.${member}.retired`,
    message: 'must not hold ["old"] twice',
    serverMessage: 'Duplicate value: {"name":"old"}',
  },
]);

/** Lists of retired keys that must be accepted. */
export const acceptedRetiredKeys: readonly AcceptedManifest[] = signers.map(([member, withRetired]) => ({
  name: `keys before that of ${member}`,
  manifest: withRetired([{ name: 'key-2024', notAfter: '2025-01-31T00:00:00Z' }, { name: 'key-2025' }]),
}));
