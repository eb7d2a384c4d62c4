// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { field } from '../../../../json/fields.ts';
import { acceptedManifests } from '../../cases/accepted-manifests.fixture.ts';
import { recordCases } from '../../cases/record-cases.fixture.ts';
import { clusterSigningPolicySchema } from '../../cluster-signing-policy/schema.ts';
import { clusterStorageBackendSchema } from '../../cluster-storage-backend/schema.ts';
import { policyCeilingSchema } from '../../policy-ceiling/schema.ts';
import { provenanceRecordSchema } from '../../provenance-record/schema.ts';
import { signingPolicySchema } from '../../signing-policy/schema.ts';
import { storageBackendSchema } from '../../storage-backend/schema.ts';
import { ajvFindings, ownFindings, variantsOf } from './findings.fixture.ts';
import { schemaCheck } from './schema-check.ts';

const schemas = {
  SigningPolicy: signingPolicySchema,
  ClusterSigningPolicy: clusterSigningPolicySchema,
  StorageBackend: storageBackendSchema,
  ClusterStorageBackend: clusterStorageBackendSchema,
  PolicyCeiling: policyCeilingSchema,
  ProvenanceRecord: provenanceRecordSchema,
};

describe('the check of a schema', () => {
  for (const [kind, schema] of Object.entries(schemas)) {
    it(`lists what ajv lists, in every case and with any part of it exchanged: ${kind}`, () => {
      const [own, ajv] = [ownFindings(schema), ajvFindings(schema)];
      const manifests = [...acceptedManifests, ...recordCases].map(({ manifest }) => manifest);
      let count = 0;
      for (const manifest of manifests.filter((each) => field(each, 'kind') === kind)) {
        for (const variant of variantsOf(manifest)) {
          assert.deepEqual(own(variant), ajv(variant));
          count++;
        }
      }
      assert.ok(count > 100, `${count} values were compared`);
    });
  }

  const foreign: readonly (readonly [string, unknown, RegExp])[] = [
    ['a keyword', { type: 'object', minProperties: 1 }, /no check for minProperties/],
    ['a keyword of a part', { properties: { a: { items: { oneOf: [] } } } }, /no check for oneOf/],
    ['a type', { type: 'null' }, /no check for values of the type null/],
    ['a format', { format: 'uri' }, /no check for values of the format uri/],
    ['a form of keys', { patternProperties: { '^a$': {} } }, /no check for keys/],
    ['a schema of further fields', { additionalProperties: {} }, /no check for the values of additionalProperties/],
  ];
  for (const [name, schema, message] of foreign) {
    it(`is refused where a schema has what nothing checks: ${name}`, () => {
      assert.throws(() => schemaCheck(schema), message);
    });
  }

  it('lists the problems of fields in the order of the schema, whatever that of the value is', () => {
    const check = schemaCheck({ properties: { a: { type: 'string' }, b: { properties: { c: { type: 'string' } } } } });
    const tokens = check({ b: { c: 1 }, other: 1, a: 1 }).map((problem) => problem.tokens);
    assert.deepEqual(tokens, [['a'], ['b', 'c']]);
  });

  it('skips rules about changes, and applies each other one', () => {
    const change = { rule: 'self == oldSelf', message: 'must stay' };
    const odd = { rule: 'self % 2 == 1', message: 'must be odd', holds: (value: unknown) => Number(value) % 2 === 1 };
    const check = schemaCheck({ type: 'integer', 'x-kubernetes-validations': [change, odd] });
    assert.deepEqual(check(3), []);
    assert.deepEqual(
      check(4).map(({ message }) => message),
      ['must be odd'],
    );
  });
});
