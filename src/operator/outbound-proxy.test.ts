// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ConfigurationError } from '../config/operator-configuration.ts';
import { selfSignedCertificate } from '../net/self-signed-certificate.fixture.ts';
import { outboundProxy } from './outbound-proxy.ts';

const configured = { url: 'http://proxy:3128', noProxy: ['*.svc'], nameResolution: 'Proxy', caFile: '' } as const;
const login = { HALLMARK_PROXY_USERNAME: 'hallmark', HALLMARK_PROXY_PASSWORD: 'planted:password' };

describe('the proxy of the operator', () => {
  it('is none without a URL, whatever else is set', () => {
    assert.equal(outboundProxy({ ...configured, url: '' }, login), undefined);
  });

  it('has the credentials of the environment, or none', () => {
    const { noProxy, nameResolution } = configured;
    const plain = { url: new URL(configured.url), noProxy, nameResolution };
    assert.deepEqual(outboundProxy(configured, {}), plain);
    const credentials = { username: 'hallmark', password: 'planted:password' };
    assert.deepEqual(outboundProxy(configured, login), { ...plain, credentials });
  });

  it('is refused with half a login, and the message has no half of it', () => {
    for (const environment of [
      { HALLMARK_PROXY_USERNAME: 'planted' },
      { HALLMARK_PROXY_PASSWORD: 'planted' },
      { HALLMARK_PROXY_USERNAME: 'planted:x', HALLMARK_PROXY_PASSWORD: 'planted' },
    ])
      assert.throws(
        () => outboundProxy(configured, environment),
        (error) =>
          error instanceof ConfigurationError &&
          /^outbound\.proxy: HALLMARK_PROXY_USERNAME (and HALLMARK_PROXY_PASSWORD must be set together|must not)/.test(
            error.message,
          ) &&
          !error.message.includes('planted'),
      );
  });

  it('has the authorities of a file, which must hold some', (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'hallmark-proxy-'));
    t.after(() => {
      rmSync(folder, { recursive: true });
    });
    const caFile = join(folder, 'ca.crt');
    const read = () => outboundProxy({ ...configured, caFile }, {});
    assert.throws(read, /^ConfigurationError: outbound\.proxy\.caFile: \S+ca\.crt cannot be read: ENOENT/);
    writeFileSync(caFile, 'nothing');
    assert.throws(read, /holds no certificate in PEM/);
    const { certificate } = selfSignedCertificate();
    writeFileSync(caFile, certificate);
    assert.equal(read()?.ca, certificate);
  });
});
