// SPDX-License-Identifier: Apache-2.0
import type { DynamoDBClient, TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { awsErrorName, awsFailure } from '../aws/aws-failure.ts';
import type { AwsMeaning } from '../aws/aws-failure.ts';
import type { AwsConnection } from '../aws/aws-connection.ts';
import { StorageError } from '../storage-error.ts';
import { ownerItem, ownerKey } from './evidence-item.ts';
import type { Item } from './evidence-item.ts';

const MEANINGS: Readonly<Record<string, AwsMeaning>> = {
  ResourceNotFoundException: {
    reason: 'BackendRejected',
    remedy: 'the table does not exist: create it, or mend dynamodb.table and dynamodb.region',
  },
  ValidationException: {
    reason: 'BackendRejected',
    remedy: 'the partition key must be the string Name, without a sort key, and items take 400 KiB',
  },
};
const NAME = { '#name': 'Name' } as const;

/** A document and whose it is, as they lie in the table. */
export interface FoundItem {
  readonly item: Item | undefined;
  readonly owner: string | undefined;
}

/** A document to write, and who owns it then. */
export interface OwnedItem {
  readonly name: string;
  readonly item: Item;
  readonly owner: string;
}

/** When both items count as written: what they must be now. */
export type ItemCondition = { readonly absent: true } | { readonly found: FoundItem };

/** A table of documents, each beside an item that notes its owner. Both are written at once or not at all. */
export class EvidenceTable {
  readonly #table: string;
  readonly #connection: AwsConnection<DynamoDBClient>;

  constructor(table: string, connection: AwsConnection<DynamoDBClient>) {
    this.#table = table;
    this.#connection = connection;
  }

  /** Whether they were written; false: the condition did not hold. */
  async write({ name, item, owner }: OwnedItem, condition: ItemCondition, signal: AbortSignal): Promise<boolean> {
    const expected = 'absent' in condition ? { item: undefined, owner: undefined } : condition.found;
    const items = [
      this.#put(item, 'Signature', expected.item?.['Signature']?.S),
      this.#put(ownerItem(name, owner), 'Owner', expected.owner),
    ];
    try {
      const client = await this.#connection.client(signal);
      const { TransactWriteItemsCommand } = await import('@aws-sdk/client-dynamodb');
      const answer = await client.send(new TransactWriteItemsCommand({ TransactItems: items }), {
        abortSignal: signal,
      });
      if (isAnswer(answer)) return true;
    } catch (error) {
      signal.throwIfAborted();
      if (await isConditionFailure(error)) return false;
      throw awsFailure(error, `writing "${name}" to table ${this.#table}`, MEANINGS);
    }
    throw new StorageError('BackendUnavailable', `writing "${name}" to table ${this.#table}: no answer of DynamoDB`);
  }

  async read(name: string, signal: AbortSignal): Promise<FoundItem> {
    const [item, beside] = await Promise.all([
      this.#get({ Name: { S: name } }, name, signal),
      this.#get(ownerKey(name), name, signal),
    ]);
    return { item, owner: beside?.['Owner']?.S };
  }

  async readItem(name: string, signal: AbortSignal): Promise<Item | undefined> {
    return this.#get({ Name: { S: name } }, name, signal);
  }

  /** One write that cannot succeed: its refusal tells whether others could. */
  async tryOut(signal: AbortSignal): Promise<void> {
    const doing = `trying out table ${this.#table}`;
    try {
      const client = await this.#connection.client(signal);
      const { PutItemCommand } = await import('@aws-sdk/client-dynamodb');
      const command = new PutItemCommand({
        TableName: this.#table,
        Item: { Name: { S: 'hallmark-probe/never-written' } },
        ConditionExpression: 'attribute_exists(#name)',
        ExpressionAttributeNames: NAME,
      });
      await client.send(command, { abortSignal: signal });
    } catch (error) {
      signal.throwIfAborted();
      if (awsErrorName(error) === 'ConditionalCheckFailedException') return;
      throw awsFailure(error, doing, MEANINGS);
    }
    throw new StorageError('BackendRejected', `${doing}: what answers is no DynamoDB; mend dynamodb.endpoint`);
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  /** A write that counts while `attribute` has this value, or while there is no item at all. */
  #put(item: Item, attribute: string, value: string | undefined): TransactWriteItem {
    const put = { TableName: this.#table, Item: item };
    if (value === undefined) {
      return { Put: { ...put, ConditionExpression: 'attribute_not_exists(#name)', ExpressionAttributeNames: NAME } };
    }
    return {
      Put: {
        ...put,
        ConditionExpression: '#attribute = :value',
        ExpressionAttributeNames: { '#attribute': attribute },
        ExpressionAttributeValues: { ':value': { S: value } },
      },
    };
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

/** DynamoDB gives every answer an id; a proxy that says 200 to anything does not. */
function isAnswer(answer: { readonly $metadata: { readonly requestId?: string } }): boolean {
  return answer.$metadata.requestId !== undefined;
}

async function isConditionFailure(error: unknown): Promise<boolean> {
  const { TransactionCanceledException } = await import('@aws-sdk/client-dynamodb');
  if (!(error instanceof TransactionCanceledException)) return false;
  const codes = (error.CancellationReasons ?? []).map(({ Code }) => Code);
  return codes.includes('ConditionalCheckFailed');
}
