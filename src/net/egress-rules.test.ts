// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EgressRules } from './egress-rules.ts';
import type { EgressConfiguration } from './egress-rules.ts';

function permits(configuration: EgressConfiguration, address: string, port = 443, hostname = 'reg.example'): boolean {
  return new EgressRules(configuration).permits({ hostname, address, port });
}

const REFUSED = [
  '127.0.0.1',
  '127.255.1.2',
  '0.0.0.0',
  '0.1.2.3',
  '169.254.169.254',
  '224.0.0.1',
  '239.255.255.255',
  '255.255.255.255',
  '::',
  '::1',
  'fe80::1',
  'fe80::1%eth0',
  '::1%lo',
  'febf::1',
  'fec0::1',
  'ff02::1',
  '::ffff:8.8.8.8',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '64:ff9b::127.0.0.1',
  '64:ff9b::a9fe:a9fe',
  '2002:7f00:1::1',
  '2002:a9fe:a9fe::',
  '::127.0.0.1',
  '64:ff9b:1::a9fe:a9fe',
  '2001:0:a9fe:a9fe::1',
  '100.100.100.200',
  '192.0.0.192',
  '168.63.129.16',
  '64:ff9b::a83f:8110',
  'fd00:ec2::254',
  'fd00:ec2::23',
  'fd20:ce::254',
  'fd00:42::42',
  'not an address',
];

const PERMITTED = [
  '8.8.8.8',
  '10.0.0.1',
  '192.168.1.1',
  '172.16.0.1',
  '126.255.255.255',
  '100.64.0.1',
  '2606:4700::1',
  '2001:db8::1',
  'fd12::1',
  '64:ff9b:1::808:808',
  '64:ff9b::808:808',
  '2002:808:808::1',
];

describe('the rules of the egress client', () => {
  it('refuse this host, its links and groups, in every spelling', () => {
    for (const address of REFUSED) assert.equal(permits({}, address), false, address);
  });

  it('permit other addresses, private ones too', () => {
    for (const address of PERMITTED) assert.equal(permits({}, address), true, address);
  });

  it('let through exactly the address and port that is allowed', () => {
    const allow = { allow: ['127.0.0.1:5000', '[::1]:5000'] };
    assert.equal(permits(allow, '127.0.0.1', 5000), true);
    assert.equal(permits(allow, '127.0.0.1', 5001), false);
    assert.equal(permits(allow, '127.0.0.2', 5000), false);
    assert.equal(permits(allow, '::1', 5000), true);
    assert.equal(permits(allow, '::1', 443), false);
    assert.equal(permits({ allow: ['::1', '127.0.0.0/8'] }, '::1', 9), true);
    assert.equal(permits({ allow: ['::1', '127.0.0.0/8'] }, '127.3.2.1', 9), true);
  });

  it('let through a name that is allowed, whatever it resolves to', () => {
    const allow = { allow: ['Registry.internal:443', 'mirror'] };
    assert.equal(permits(allow, '127.0.0.1', 443, 'registry.internal'), true);
    assert.equal(permits(allow, '127.0.0.1', 443, 'registry.internal.'), true);
    assert.equal(permits(allow, '127.0.0.1', 444, 'registry.internal'), false);
    assert.equal(permits(allow, '127.0.0.1', 443, 'x.registry.internal'), false);
    assert.equal(permits(allow, '127.0.0.1', 1, 'mirror'), true);
  });

  it('refuse what is denied, even if it is allowed as well', () => {
    const rules = { allow: ['10.0.0.0/8', 'reg.example'], deny: ['10.96.0.1:443', '10.1.0.0/16', 'evil.example'] };
    assert.equal(permits(rules, '10.96.0.1', 443), false);
    assert.equal(permits(rules, '10.96.0.1', 80), true);
    assert.equal(permits(rules, '10.1.2.3'), false);
    assert.equal(permits(rules, '64:ff9b::a01:203'), false);
    assert.equal(permits(rules, '8.8.8.8', 443, 'EVIL.example'), false);
    assert.equal(permits(rules, '8.8.8.8', 443, 'evil.example.'), false);
  });

  it('know a name in every spelling of its alphabet', () => {
    for (const entry of ['bäckerei.example', 'xn--bckerei-5wa.example', 'BÄCKEREI.example.'])
      for (const hostname of ['bäckerei.example', 'xn--bckerei-5wa.example', 'XN--BCKEREI-5WA.example.'])
        assert.equal(permits({ deny: [entry] }, '8.8.8.8', 443, hostname), false, `${entry} ${hostname}`);
  });

  it('say which entry cannot be read', () => {
    for (const entry of [
      '',
      'a:b',
      'a:70000',
      '10.0.0.0/33',
      '::/129',
      'x/8',
      '10.0.0.0/',
      '[::1',
      '[name]:5',
      'http://a',
      '10.0.0.0/-1',
    ]) {
      assert.throws(
        () => new EgressRules({ allow: [entry] }),
        (error: unknown) => error instanceof TypeError && error.message.includes(`"${entry}"`),
        entry,
      );
    }
  });
});
