// SPDX-License-Identifier: Apache-2.0
import Type from 'typebox';
import type { CelRule } from '../fields/cel-rule.ts';
import { field } from '../../../json/fields.ts';
import { objectName } from '../fields/object-name.ts';

/** Fields that bound the time in which signatures of a key count; either end may be open. */
export const keyValidity = {
  notBefore: Type.Optional(
    Type.String({ description: 'Signatures made before this time do not count.', format: 'date-time' }),
  ),
  notAfter: Type.Optional(
    Type.String({
      description: 'The key signs no more after this time, and what it signed later does not count.',
      format: 'date-time',
    }),
  ),
};

/** A rule for an object with these fields. */
export const windowIsOpen: CelRule = {
  rule: '!has(self.notBefore) || !has(self.notAfter) || self.notBefore < self.notAfter',
  message: 'notBefore must be before notAfter',
  holds: (self) => {
    const [from, to] = [field(self, 'notBefore'), field(self, 'notAfter')];
    return typeof from !== 'string' || typeof to !== 'string' || Date.parse(from) < Date.parse(to);
  },
};

const where = "in the policy's own namespace (cluster kinds: in the operator's)";

const retiredKey = Type.Object(
  {
    name: objectName(`Name of the Secret, read ${where}. Its public key suffices, as entry cosign.pub or x509.pub.`),
    ...keyValidity,
  },
  { 'x-kubernetes-validations': [windowIsOpen] },
);

/** `retired` of every type of signer: earlier keys of any type whose public key was kept. */
export const retiredKeys = Type.Array(retiredKey, {
  description: 'Secrets of earlier keys: they sign no more, and what they signed still verifies.',
  maxItems: 16,
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['name'],
});
