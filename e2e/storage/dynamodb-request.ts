// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import type { Moto } from '../testbed/moto/moto.ts';

/** Sends a request to moto's DynamoDB without an SDK. Moto requires an authorization header, but does not check its signature. */
export async function askDynamoDb(moto: Moto, operation: string, body: object): Promise<Record<string, unknown>> {
  const scope = `testing/20260101/${moto.region}/dynamodb/aws4_request`;
  const answer = await fetch(moto.url, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `DynamoDB_20120810.${operation}`,
      authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`,
    },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  assert.equal(answer.status, 200, text);
  const parsed: unknown = JSON.parse(text);
  return typeof parsed === 'object' && parsed !== null ? Object.fromEntries(Object.entries(parsed)) : {};
}

/** A table as drivers want it, unless the key has another name. */
export async function makeEvidenceTable(moto: Moto, name: string, partitionKey = 'Name'): Promise<void> {
  await askDynamoDb(moto, 'CreateTable', {
    TableName: name,
    AttributeDefinitions: [{ AttributeName: partitionKey, AttributeType: 'S' }],
    KeySchema: [{ AttributeName: partitionKey, KeyType: 'HASH' }],
    BillingMode: 'PAY_PER_REQUEST',
  });
}
