// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SigningError } from '../../signing-error.ts';
import { authorityOfVault, azureKeyName } from './azure-uri.ts';
import { isResourceOf } from './vault-credential.ts';

const VERSION = '0123456789abcdef0123456789abcdef';

describe('the URI of a key in Azure Key Vault', () => {
  it('names a vault and a key, and a version', () => {
    const { vault, ...key } = azureKeyName('azurekms://team.vault.azure.net/release');
    assert.equal(vault.origin, 'https://team.vault.azure.net');
    assert.deepEqual(key, { name: 'release' });
    assert.equal(azureKeyName(`azurekms://hsm.managedhsm.azure.net:8443/k-1/${VERSION}`).version, VERSION);
  });

  it('is refused when it names anything else', () => {
    for (const rest of [
      '',
      'host',
      'host/',
      '/key',
      'host/key/1',
      'u@host/key',
      'host/key?x',
      `host/a/b/${VERSION}`,
      'host/..',
      'host:999999/key',
      'host/k_1',
    ]) {
      assert.throws(
        () => azureKeyName(`azurekms://${rest}`),
        (error) =>
          error instanceof SigningError && error.reason === 'KeyNotFound' && error.message.includes('VAULT-HOST'),
        rest,
      );
    }
  });
});

describe('the directory of a vault', () => {
  it('is that of its cloud', () => {
    for (const [host, authority] of [
      ['team.vault.azure.net', undefined],
      ['hsm.managedhsm.azure.net', undefined],
      ['team.vault.azure.cn', 'https://login.chinacloudapi.cn'],
      ['hsm.managedhsm.azure.cn', 'https://login.chinacloudapi.cn'],
      ['team.vault.usgovcloudapi.net', 'https://login.microsoftonline.us'],
      ['hsm.managedhsm.usgovcloudapi.net', 'https://login.microsoftonline.us'],
      ['team.vault.azure.cn.evil.example', undefined],
      ['127.0.0.1:8443', undefined],
    ] as const) {
      assert.equal(authorityOfVault(new URL(`https://${host}`)), authority, host);
    }
  });
});

describe('a token for a vault', () => {
  const vault = new URL('https://team.vault.azure.net');

  it('is for the domain of the vault, or for the vault itself', () => {
    assert.ok(isResourceOf(vault, 'https://vault.azure.net/.default'));
    assert.ok(isResourceOf(vault, 'https://team.vault.azure.net/.default'));
    assert.ok(isResourceOf(new URL('https://127.0.0.1:8443'), 'https://127.0.0.1:8443/.default'));
  });

  it('is never for anything else that a vault may ask for', () => {
    for (const scope of [
      'https://management.azure.com/.default',
      'https://graph.microsoft.com/.default',
      'https://net/.default',
      'https://ault.azure.net/.default',
      'https://other.vault.azure.net/.default',
      'https://vault.azure.net.evil.com/.default',
      'http://vault.azure.net/.default',
      'https://evil@vault.azure.net/.default',
      'https://vault.azure.net/x/.default',
      'https://vault.azure.net\\@evil/.default',
      'api://vault.azure.net/.default',
      '',
    ])
      assert.ok(!isResourceOf(vault, scope), scope);
    assert.ok(!isResourceOf(new URL('https://127.0.0.1'), 'https://0.0.1/.default'));
  });
});
