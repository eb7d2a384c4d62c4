// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cloudRegistry } from './cloud-registry.ts';

const rows: readonly (readonly [host: string, cloud: string | undefined])[] = [
  ['123456789012.dkr.ecr.eu-central-1.amazonaws.com', 'AWS'],
  ['123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com', 'AWS'],
  ['123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn', 'AWS'],
  ['123456789012.dkr-ecr.eu-central-1.on.aws', 'AWS'],
  ['123456789012.dkr-ecr-fips.us-west-2.on.aws', 'AWS'],
  ['gcr.io', 'Google'],
  ['eu.gcr.io', 'Google'],
  ['europe-west3-docker.pkg.dev', 'Google'],
  ['bakery.azurecr.io', 'Azure'],
  ['bakery-b7cmfthn2b5ahjg0.azurecr.io', 'Azure'],
  ['bakery.azurecr.cn', 'Azure'],
  ['gcr.io.evil.example', undefined],
  ['evil-gcr.io', undefined],
  ['evil.example', undefined],
  ['evil-docker.pkg.dev.evil.example', undefined],
  ['123456789012.dkr.ecr.eu-central-1.amazonaws.com.evil.example', undefined],
  ['123456789012.dkr-ecr.eu-central-1.on.aws.evil.example', undefined],
  ['123456789012.dkr-ecr.eu-central-1.evil-on.aws', undefined],
  ['evil.dkr.ecr.eu-central-1.amazonaws.com', undefined],
  ['123456789012.dkr.ecr.evil.com', undefined],
  ['a.bakery.azurecr.io', undefined],
  ['bakery.azurecr.io:8443', undefined],
  ['bakery.azurecr.io.evil.example', undefined],
];

describe("a cloud's registry", () => {
  for (const [host, cloud] of rows) {
    it(`${host} belongs to ${cloud ?? 'no cloud'}`, () => {
      assert.equal(cloudRegistry(host)?.cloud, cloud);
    });
  }

  it('of AWS has a region', () => {
    const parsed = cloudRegistry('123456789012.dkr.ecr.ap-southeast-2.amazonaws.com');
    assert.deepEqual(parsed, { cloud: 'AWS', region: 'ap-southeast-2' });
  });
});
