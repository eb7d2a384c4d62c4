// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isAllowedLicence, licenceFaults, statedLicence } from './licences.ts';

describe('a licence', () => {
  for (const allowed of ['MIT', 'Apache-2.0', '(MIT OR GPL-3.0-only)', 'MIT AND ISC'])
    it(`is allowed: ${allowed}`, () => {
      assert.ok(isAllowedLicence(allowed));
    });

  for (const refused of [
    'GPL-3.0-only',
    'MIT AND AGPL-3.0-only',
    'SEE LICENSE IN LICENSE.md',
    'UNLICENSED',
    '',
    '((MIT))',
  ])
    it(`is refused: ${refused}`, () => {
      assert.ok(!isAllowedLicence(refused));
    });

  it('is read from a package.json of today, and from an old one that lets one choose', () => {
    assert.equal(statedLicence({ license: 'MIT' }), 'MIT');
    assert.equal(statedLicence({ licenses: [{ type: 'Public Domain' }, { type: 'MIT' }] }), 'Public Domain OR MIT');
    assert.equal(statedLicence({ license: { url: 'https://example.com' } }), undefined);
  });

  it('that is missing or refused is named with its package', () => {
    const packages = [
      { name: 'good', version: '1.0.0', licence: 'MIT' },
      { name: 'bad', version: '2.0.0', licence: 'AGPL-3.0-only' },
      { name: 'mute', version: '3.0.0', licence: undefined },
    ];
    assert.deepEqual(licenceFaults(packages), [
      'bad@2.0.0: AGPL-3.0-only is not on the list of licences',
      'mute@3.0.0: no licence is not on the list of licences',
    ]);
  });
});
