// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { comparePayloads } from './compare-payloads.ts';

function base64(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64');
}

function byproducts(entries: readonly object[]): object {
  return { predicate: { runDetails: { byproducts: entries } } };
}

function flags(values: object): object {
  return { internalParameters: { 'tekton-pipelines-feature-flags': values } };
}

describe('comparePayloads', () => {
  const statement = {
    subject: [{ name: 'a' }, { name: 'b' }],
    predicate: { builder: { id: 'me' }, runDetails: { byproducts: [{ name: 'x', content: '1' }] } },
  };

  it('finds nothing in payloads that say the same, in any order of fields and subjects', () => {
    const other = { predicate: statement.predicate, subject: statement.subject.toReversed() };
    assert.deepEqual(comparePayloads(statement, other), []);
  });

  it('names the field, and both values', () => {
    const other = { ...statement, predicate: { ...statement.predicate, builder: { id: 'you', extra: 1 } } };
    assert.deepEqual(comparePayloads(statement, other), [
      { path: 'predicate.builder.id', chains: 'me', hallmark: 'you' },
      { path: 'predicate.builder.extra', hallmark: 1 },
    ]);
  });

  it('pairs entries of lists by name, so that one more is one difference', () => {
    const byproducts = [
      { name: 'w', content: '0' },
      { name: 'x', content: '2' },
    ];
    const other = { ...statement, predicate: { ...statement.predicate, runDetails: { byproducts } } };
    assert.deepEqual(comparePayloads(statement, other), [
      { path: 'predicate.runDetails.byproducts.x.content', chains: '1', hallmark: '2' },
      { path: 'predicate.runDetails.byproducts.w', hallmark: { name: 'w', content: '0' } },
    ]);
  });

  it('reports another order of a list that is no set', () => {
    assert.equal(
      comparePayloads({ list: [{ name: 'a' }, { name: 'b' }] }, { list: [{ name: 'b' }, { name: 'a' }] }).length,
      2,
    );
  });

  const intended: readonly (readonly [string, unknown, unknown])[] = [
    ['by-products of Hallmark', byproducts([]), byproducts([{ name: 'hallmark/outcome', content: 'x' }])],
    [
      'a list of by-products of Hallmark alone',
      { predicate: { runDetails: {} } },
      byproducts([{ name: 'hallmark/outcome', content: 'x' }]),
    ],
    ['a feature flag that Chains does not read', flags({ EnableStepActions: false }), flags({})],
    ['the value of a feature flag', flags({}), flags({ maxResultSize: 4096 })],
    ['credentials in a URL', { uri: 'https://bob:token@git.example/app' }, { uri: 'https://git.example/app' }],
    ['redacted parameters', { params: { token: 'x' } }, { params: { token: '[redacted]' } }],
    [
      'what the API server adds to a task',
      { content: base64({ metadata: { name: 'a' }, spec: {} }) },
      {
        content: base64({
          kind: 'TaskRun',
          apiVersion: 'tekton.dev/v1',
          metadata: { name: 'a', managedFields: [] },
          spec: {},
        }),
      },
    ],
  ];
  for (const [what, chains, hallmark] of intended) {
    it(`names ${what} as intended`, () => {
      const found = comparePayloads(chains, hallmark);
      assert.equal(found.length, 1);
      assert.ok(found.every((difference) => difference.intended !== undefined));
    });
  }

  it('takes no other value for intended', () => {
    const others: readonly (readonly [unknown, unknown])[] = [
      [{ content: base64({ spec: 1 }) }, { content: base64({ spec: 2 }) }],
      [byproducts([{ name: 'hallmark/outcome' }]), byproducts([])],
      [{ predicate: { runDetails: {} } }, byproducts([{ name: 'hallmark/outcome' }, { name: 'x' }])],
      [{ predicate: { runDetails: {} } }, byproducts([])],
      [{ subject: [] }, { subject: [{ name: 'hallmark/app' }] }],
      [flags({ maxResultSize: 1 }), flags({ maxResultSize: 2 })],
      [flags({ MaxResultSize: 1 }), flags({})],
      [{ uri: 'https://git.example/app' }, { uri: 'https://bob@git.example/app' }],
    ];
    for (const [chains, hallmark] of others)
      assert.deepEqual(
        comparePayloads(chains, hallmark).map((difference) => difference.intended),
        [undefined],
      );
  });

  it('shows no secret that Hallmark leaves out', () => {
    const task = (token: string, url: string): string => base64({ spec: { params: [token], url } });
    const found = comparePayloads(
      {
        ...{ token: 's3cret', script: 'login s3cret', uri: 'https://bob:s3cret@git.example/app' },
        ...{
          content: task('s3cret', 'x'),
          other: task('y', 'https://bob:s3cret@git.example'),
          list: ['http://s3cret@h'],
        },
      },
      {
        ...{ token: '[redacted]', script: 'login [redacted]', uri: 'https://git.example/app' },
        ...{ content: task('[redacted]', 'x'), other: task('z', 'https://git.example') },
      },
    );
    const shown = found.map(({ chains }) => String(chains));
    assert.equal(shown.length, 6);
    const plain = shown.map((text) => `${text} ${Buffer.from(text, 'base64').toString('utf8')}`);
    assert.ok(plain.every((text) => !text.includes('s3cret')));
  });
});
