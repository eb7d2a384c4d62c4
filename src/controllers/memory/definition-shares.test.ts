// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { refusalOf } from '../../pipelines/refused-definition.ts';
import { field } from '../../json/fields.ts';
import { DefinitionShares, takeUpLeftOut } from './definition-shares.ts';

const LIMITS = { count: 3, objectBytes: 2000, bytes: { total: 10_000, perTenant: 4000, assured: 1000 } };

function object(name: string, text = ''): object {
  return { kind: 'SigningPolicy', metadata: { name, uid: `u-${name}` }, spec: { selector: {}, text } };
}

describe('the shares in the memory for policies', () => {
  const given = () => new DefinitionShares('SigningPolicies', LIMITS);

  it('leave out what a namespace has past its number, and nothing of another', () => {
    const shares = given();
    for (const name of ['1', '2', '3']) {
      const one = object(name);
      assert.deepEqual(shares.admit(name, 'team-a', one), { object: one, isLeftOut: false });
    }
    const left = shares.admit('4', 'team-a', object('4'));
    assert.equal(left.isLeftOut, true);
    assert.equal(
      refusalOf(left.object),
      'namespace team-a has more than 3 SigningPolicies: this one is left out until others are deleted',
    );
    assert.equal(shares.admit('b', 'team-b', object('b')).isLeftOut, false);
  });

  it('have one stand for all that are left out', () => {
    const shares = given();
    for (const name of ['1', '2', '3', '4', '5']) shares.admit(name, 'team-a', object(name));
    shares.admit('4', 'team-a', object('4'));
    assert.deepEqual([shares.isStandIn('4', 'team-a'), shares.isStandIn('5', 'team-a')], [true, false]);
    shares.release('4', 'team-a');
    assert.equal(shares.isStandIn('5', 'team-a'), true);
  });

  it('tell once that there may be room, after which what was left out is taken up', () => {
    const shares = given();
    for (const name of ['1', '2', '3', '4']) shares.admit(name, 'team-a', object(name));
    assert.equal(shares.takeRoom('team-a'), false);
    shares.release('1', 'team-a');
    assert.deepEqual([shares.takeRoom('team-a'), shares.takeRoom('team-a')], [true, false]);
    assert.equal(shares.admit('4', 'team-a', object('4')).isLeftOut, false);
    assert.equal(shares.isStandIn('4', 'team-a'), false);
  });

  it('count bytes, and refuse a spec that is too large without them', () => {
    const shares = given();
    const large = shares.admit('large', 'team-a', object('large', 'x'.repeat(2000)));
    assert.equal(large.isLeftOut, false);
    assert.match(refusalOf(large.object) ?? '', /spec is larger than 2000 bytes: shorten/);
    assert.deepEqual(field(large.object, 'spec'), { selector: {} });
    assert.equal(shares.admit('1', 'team-a', object('1', 'x'.repeat(1800))).isLeftOut, false);
    const wide = new DefinitionShares('SigningPolicies', { ...LIMITS, count: 100 });
    const states = ['1', '2', '3'].map((name) => wide.admit(name, 'team-a', object(name, 'x'.repeat(1800))));
    assert.deepEqual(
      states.map(({ isLeftOut }) => isLeftOut),
      [false, false, true],
    );
    assert.match(refusalOf(states[2]?.object) ?? '', /too large together/);
  });

  it('tell that there may be room once one that is left out fits, or one that is used becomes smaller or is left out', () => {
    const given = () => new DefinitionShares('SigningPolicies', { ...LIMITS, count: 100 });
    const full = (shares: DefinitionShares) => {
      for (const name of ['1', '2', '3', '4']) shares.admit(name, 'team-a', object(name, 'x'.repeat(1800)));
      assert.deepEqual([shares.isStandIn('3', 'team-a'), shares.takeRoom('team-a')], [true, false]);
      return shares;
    };
    const fits = full(given());
    assert.equal(fits.admit('3', 'team-a', object('3')).isLeftOut, false);
    assert.deepEqual([fits.isStandIn('4', 'team-a'), fits.takeRoom('team-a')], [true, true]);
    const smaller = full(given());
    smaller.admit('1', 'team-a', object('1'));
    assert.equal(smaller.takeRoom('team-a'), true);
    const grown = full(given());
    grown.admit('2', 'team-a', object('2', 'x'.repeat(100)));
    grown.takeRoom('team-a');
    grown.admit('3', 'team-a', object('3', 'x'.repeat(1500)));
    grown.takeRoom('team-a');
    assert.equal(grown.admit('2', 'team-a', object('2', 'x'.repeat(1900))).isLeftOut, true);
    assert.equal(grown.takeRoom('team-a'), true);
  });

  it('tell that there may be room once a large one of the namespace is deleted', () => {
    const shares = new DefinitionShares('SigningPolicies', { ...LIMITS, count: 100 });
    for (const name of ['1', '2', '3']) shares.admit(name, 'team-a', object(name, 'x'.repeat(1800)));
    assert.equal(shares.takeRoom('team-a'), false);
    shares.release('1', 'team-a');
    assert.equal(shares.takeRoom('team-a'), true);
    assert.equal(shares.admit('3', 'team-a', object('3', 'x'.repeat(1800))).isLeftOut, false);
  });

  it('tell that there may be room once another namespace gives some back, where the memory of all was used up', () => {
    const bytes = { total: 4000, perTenant: 4000, assured: 100 };
    const given = () => new DefinitionShares('SigningPolicies', { count: 100, objectBytes: 2000, bytes });
    const woken: string[] = [];
    const full = (): DefinitionShares => {
      const shares = given();
      shares.onRoom((namespace) => woken.push(namespace));
      for (const name of ['1', '2']) shares.admit(name, 'team-a', object(name, 'x'.repeat(1700)));
      assert.equal(shares.admit('b', 'team-b', object('b', 'x'.repeat(1500))).isLeftOut, true);
      assert.deepEqual(woken, []);
      return shares;
    };
    const deleted = full();
    deleted.release('1', 'team-a');
    assert.deepEqual([woken.splice(0), deleted.takeRoom('team-b')], [['team-b'], true]);
    assert.equal(deleted.admit('b', 'team-b', object('b', 'x'.repeat(1500))).isLeftOut, false);
    const smaller = full();
    smaller.admit('1', 'team-a', object('1'));
    assert.deepEqual([woken.splice(0), smaller.takeRoom('team-b')], [['team-b'], true]);
  });

  it('have what is left out delivered anew until that succeeds', async () => {
    const shares = given();
    for (const name of ['1', '2', '3', '4']) shares.admit(name, 'team-a', object(name));
    shares.release('1', 'team-a');
    const failing = takeUpLeftOut([shares], 'team-a', () => Promise.reject(new Error('the API server is away')));
    await assert.rejects(failing, /is away/);
    let deliveries = 0;
    const deliver = () => {
      deliveries += 1;
      return Promise.resolve();
    };
    for (let call = 0; call < 2; call += 1) await takeUpLeftOut([shares], 'team-a', deliver);
    assert.equal(deliveries, 1);
  });

  it('keep what has its place, however much others take later', () => {
    const bytes = { total: 4000, perTenant: 4000, assured: 1900 };
    const shares = new DefinitionShares('SigningPolicies', { count: 100, objectBytes: 2000, bytes });
    for (const name of ['1', '2']) shares.admit(name, 'team-a', object(name, 'x'.repeat(1500)));
    for (const team of ['team-b', 'team-c']) shares.admit(team, team, object(team, 'x'.repeat(1500)));
    assert.equal(shares.admit('2', 'team-a', object('2', 'x'.repeat(1500))).isLeftOut, false);
    assert.equal(shares.admit('3', 'team-a', object('3', 'x'.repeat(1500))).isLeftOut, true);
  });

  it('have no bound of their number for kinds of the whole cluster', () => {
    const shares = given();
    const states = ['1', '2', '3', '4'].map((name) => shares.admit(name, '', object(name)).isLeftOut);
    assert.deepEqual(states, [false, false, false, false]);
  });

  it('count a new version of an object once', () => {
    const shares = given();
    for (let version = 0; version < 20; version += 1) {
      assert.equal(shares.admit('1', 'team-a', object('1', 'x'.repeat(1500))).isLeftOut, false);
    }
  });
});
