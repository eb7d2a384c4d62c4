// SPDX-License-Identifier: Apache-2.0
import Type from 'typebox';
import { keyValidity, windowIsOpen } from './key-validity.ts';
import { objectName } from '../object-name.ts';

const where = "in the policy's own namespace (cluster kinds: in the operator's)";

const retiredKey = Type.Object(
  {
    name: objectName(`Name of the Secret, read ${where}. Its public key suffices, as entry cosign.pub or x509.pub.`),
    ...keyValidity,
  },
  { 'x-kubernetes-validations': [windowIsOpen] },
);

/** `retired` of every kind of signer: what signed before, whatever it was, as long as its public key was kept. */
export const retiredKeys = Type.Array(retiredKey, {
  description: 'Secrets of earlier keys: they sign no more, and what they signed still verifies.',
  maxItems: 16,
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['name'],
});
