// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { awsKeyName } from './aws-uri.ts';

const id = '1234abcd-12ab-34cd-56ef-1234567890ab';
const mrk = 'mrk-1234abcd12ab34cd56ef1234567890ab';
const arn = 'arn:aws:kms:us-east-2:111122223333:';

describe('an awskms:// URI', () => {
  for (const [uri, expected] of Object.entries({
    [`awskms:///${id}`]: { keyId: id },
    [`awskms:///${mrk}`]: { keyId: mrk },
    'awskms:///alias/team-a/builds_1': { keyId: 'alias/team-a/builds_1' },
    [`awskms:///${arn}key/${id}`]: { keyId: `${arn}key/${id}`, region: 'us-east-2' },
    [`awskms:///${arn}alias/builds`]: { keyId: `${arn}alias/builds`, region: 'us-east-2' },
    [`awskms:///arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/${mrk}`]: {
      keyId: `arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/${mrk}`,
      region: 'us-gov-west-1',
    },
    [`awskms://localhost:4566/${id}`]: { keyId: id, endpoint: 'https://localhost:4566' },
    'awskms://kms.example.com/alias/a': { keyId: 'alias/a', endpoint: 'https://kms.example.com' },
    'awskms://[::1]:4566/alias/a': { keyId: 'alias/a', endpoint: 'https://[::1]:4566' },
  })) {
    it(`names a key: ${uri}`, () => {
      assert.deepEqual(awsKeyName(uri), expected);
    });
  }

  for (const uri of [
    'awskms://',
    'awskms:///',
    'awskms:///builds',
    'awskms:///alias/',
    'awskms:///alias/a?x=y',
    `awskms:///${id}/more`,
    `awskms:///arn:aws:s3:us-east-2:111122223333:key/${id}`,
    `awskms://user:word@host/${id}`,
    `awskms://host?x/${id}`,
    `awskms://ho st/${id}`,
    `AWSKMS:///${id}`,
  ]) {
    it(`names none: ${uri}`, () => {
      assert.throws(() => awsKeyName(uri), { name: 'SigningError', reason: 'KeyNotFound' });
    });
  }
});
