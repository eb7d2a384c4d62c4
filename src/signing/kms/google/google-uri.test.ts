// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SigningError } from '../../signing-error.ts';
import { googleKeyName } from './google-uri.ts';

const KEY = 'projects/team-1/locations/europe-west1/keyRings/ring/cryptoKeys/key_1';

describe('the URI of a key in Google Cloud KMS', () => {
  it('names a key, and a version in both spellings', () => {
    assert.deepEqual(googleKeyName(`gcpkms://${KEY}`), { key: KEY });
    const version = `${KEY}/cryptoKeyVersions/12`;
    assert.deepEqual(googleKeyName(`gcpkms://${version}`), { key: KEY, version });
    assert.deepEqual(googleKeyName(`gcpkms://${KEY}/versions/12`), { key: KEY, version });
    assert.equal(googleKeyName(`gcpkms://${KEY.replace('team-1', 'example.com:team')}`).version, undefined);
  });

  it('is refused when it names anything else', () => {
    for (const rest of [
      '',
      'projects/p',
      KEY.slice(0, -5),
      `${KEY}/`,
      `${KEY}/cryptoKeyVersions/0`,
      `${KEY}/cryptoKeyVersions/latest`,
      `${KEY}/cryptoKeyVersions/1:destroy`,
      `${KEY}/../other`,
      `${KEY}?alt=media`,
      `/${KEY}`,
      `${KEY}\n`,
    ]) {
      assert.throws(
        () => googleKeyName(`gcpkms://${rest}`),
        (error) =>
          error instanceof SigningError &&
          error.reason === 'KeyNotFound' &&
          error.message.includes('gcpkms://projects/'),
        rest,
      );
    }
  });
});
