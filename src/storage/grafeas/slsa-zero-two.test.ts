// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { intotoStatement } from './slsa-zero-two.ts';

function read(predicate: unknown): unknown {
  const statement = { _type: 'https://in-toto.io/Statement/v1', predicateType: 'p', subject: [], predicate };
  return intotoStatement(Buffer.from(JSON.stringify(statement)))['slsaProvenanceZeroTwo'];
}

describe('intotoStatement', () => {
  it('leaves almost nothing of a v1 predicate, as the reference does', () => {
    assert.deepEqual(read({ buildDefinition: { buildType: 'x' }, runDetails: { builder: { id: 'y' } } }), {});
  });

  it("renames the build's ID, and keeps times that are some", () => {
    const metadata = { buildInvocationID: 'i', buildStartedOn: '2026-01-31T12:00:00Z', buildFinishedOn: 'soon' };
    assert.deepEqual(read({ metadata }), {
      metadata: { buildInvocationId: 'i', buildStartedOn: '2026-01-31T12:00:00Z' },
    });
  });

  it("leaves out fields without the API's type, for which the server would refuse everything", () => {
    const invocation = { parameters: ['a'], environment: { a: [1] }, configSource: 'x' };
    assert.deepEqual(read({ builder: 3, buildType: {}, invocation, buildConfig: 'none', materials: 'none' }), {
      invocation: { environment: { a: [1] } },
    });
    assert.deepEqual(read({ materials: [{ uri: 'u', digest: { sha256: 'a', sha1: 3 } }] }), {
      materials: [{ uri: 'u', digest: { sha256: 'a' } }],
    });
    assert.deepEqual(read(null), {});
  });
});
