// SPDX-License-Identifier: Apache-2.0
import Type from 'typebox';
import type { CelRule } from '../cel-rule.ts';
import { field } from '../../../json/fields.ts';

/** Fields that bound in time what signatures of a key count; either end may be open. */
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

/** Of an object with these fields. */
export const windowIsOpen: CelRule = {
  rule: '!has(self.notBefore) || !has(self.notAfter) || self.notBefore < self.notAfter',
  message: 'notBefore must be before notAfter',
  holds: (self) => {
    const [from, to] = [field(self, 'notBefore'), field(self, 'notAfter')];
    return typeof from !== 'string' || typeof to !== 'string' || Date.parse(from) < Date.parse(to);
  },
};
