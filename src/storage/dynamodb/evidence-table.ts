// SPDX-License-Identifier: Apache-2.0
import type { DynamoDBClient, PutItemCommandInput } from '@aws-sdk/client-dynamodb';
import { awsErrorName, awsFailure } from '../aws/aws-failure.ts';
import type { AwsMeaning } from '../aws/aws-failure.ts';
import type { AwsConnection } from '../aws/aws-connection.ts';
import { StorageError } from '../storage-error.ts';
import { TRIAL_NAME } from '../buckets/bucket.ts';
import { ownerItem, ownerKey, ownerOf } from './evidence-item.ts';
import type { Item } from './evidence-item.ts';

const MEANINGS: Readonly<Record<string, AwsMeaning>> = {
  ResourceNotFoundException: {
    reason: 'BackendRejected',
    remedy: 'the table does not exist: create it, or correct dynamodb.table and dynamodb.region',
  },
  ValidationException: {
    reason: 'BackendRejected',
    remedy:
      'the partition key must be the string Name, without a sort key; otherwise the evidence is nothing that an item holds: store it in a backend of another type',
  },
};
type PutCondition = Pick<
  PutItemCommandInput,
  'ConditionExpression' | 'ExpressionAttributeNames' | 'ExpressionAttributeValues'
>;

const NAME = { '#name': 'Name' } as const;

/** A document and its owner in the table. */
export interface FoundItem {
  readonly item: Item | undefined;
  readonly owner: string | undefined;
}

/** A table of documents, each with an item that notes its owner. The first writer of a document owns the name; it writes the note next. */
export class EvidenceTable {
  readonly #table: string;
  readonly #connection: AwsConnection<DynamoDBClient>;

  constructor(table: string, connection: AwsConnection<DynamoDBClient>) {
    this.#table = table;
    this.#connection = connection;
  }

  /** Write a document if none exists, or if the existing one is still the one to replace. @returns false if it is not */
  write(item: Item, expected: Item | undefined, signal: AbortSignal): Promise<boolean> {
    const signature = expected?.['Signature']?.S;
    if (signature === undefined) {
      return this.#put(
        item,
        { ConditionExpression: 'attribute_not_exists(#name)', ExpressionAttributeNames: NAME },
        signal,
      );
    }
    const condition = {
      ConditionExpression: '#signature = :signature',
      ExpressionAttributeNames: { '#signature': 'Signature' },
      ExpressionAttributeValues: { ':signature': { S: signature } },
    };
    return this.#put(item, condition, signal);
  }

  /** Write the note of a document's owner. */
  async note(item: Item, owner: string, signal: AbortSignal): Promise<void> {
    await this.#put(ownerItem(item, owner), {}, signal);
  }

  async read(name: string, signal: AbortSignal): Promise<FoundItem> {
    const [item, note] = await Promise.all([
      this.#get({ Name: { S: name } }, name, signal),
      this.#get(ownerKey(name), name, signal),
    ]);
    return { item, owner: item === undefined ? undefined : ownerOf(item, note) };
  }

  async readItem(name: string, signal: AbortSignal): Promise<Item | undefined> {
    return this.#get({ Name: { S: name } }, name, signal);
  }

  /** Try one write that cannot succeed: the kind of refusal tells whether others could. */
  async tryOut(signal: AbortSignal): Promise<void> {
    const doing = `probing table ${this.#table}`;
    const condition = { ConditionExpression: 'attribute_exists(#name)', ExpressionAttributeNames: NAME };
    if (!(await this.#put({ Name: { S: TRIAL_NAME } }, condition, signal))) return;
    throw new StorageError('BackendRejected', `${doing}: the server is not DynamoDB; correct dynamodb.endpoint`);
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  async #put(item: Item, condition: PutCondition, signal: AbortSignal): Promise<boolean> {
    const doing = `writing "${item['Name']?.S ?? ''}" to table ${this.#table}`;
    try {
      const client = await this.#connection.client(signal);
      const { PutItemCommand } = await import('@aws-sdk/client-dynamodb');
      const command = new PutItemCommand({ TableName: this.#table, Item: item, ...condition });
      await client.send(command, { abortSignal: signal });
      return true;
    } catch (error) {
      signal.throwIfAborted();
      if (awsErrorName(error) === 'ConditionalCheckFailedException') return false;
      throw awsFailure(error, doing, MEANINGS);
    }
  }

  async #get(key: Item, name: string, signal: AbortSignal): Promise<Item | undefined> {
    const doing = `reading "${name}" from table ${this.#table}`;
    try {
      const client = await this.#connection.client(signal);
      const { GetItemCommand } = await import('@aws-sdk/client-dynamodb');
      const command = new GetItemCommand({ TableName: this.#table, Key: key, ConsistentRead: true });
      const { Item: item } = await client.send(command, { abortSignal: signal });
      return item;
    } catch (error) {
      signal.throwIfAborted();
      throw awsFailure(error, doing, MEANINGS);
    }
  }
}
