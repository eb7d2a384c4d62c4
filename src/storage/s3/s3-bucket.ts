// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { S3Client } from '@aws-sdk/client-s3';
import { awsStatus } from '../../credentials/aws/aws-response.ts';
import { awsErrorName, awsFailure } from '../aws/aws-failure.ts';
import type { AwsMeaning } from '../aws/aws-failure.ts';
import type { AwsConnection } from '../aws/aws-connection.ts';
import { DIGEST_METADATA, OWNER_METADATA, TRIAL_NAME } from '../buckets/bucket.ts';
import type { Bucket, FoundObject, NewObject, WriteCondition } from '../buckets/bucket.ts';
import { StorageError } from '../storage-error.ts';

const noConditions: AwsMeaning = {
  reason: 'BackendRejected',
  remedy:
    'the store has no conditional writes (If-None-Match, If-Match), without which evidence could be overwritten: use one that has',
};
const MEANINGS: Readonly<Record<string, AwsMeaning>> = {
  NoSuchBucket: { reason: 'BackendRejected', remedy: 'the bucket does not exist: create it, or correct s3.bucket' },
  NotImplemented: noConditions,
};
/** An entity tag that no object has. */
const NO_TAG = `"${'0'.repeat(32)}"`;

/** The settings of an S3 bucket. */
export interface S3BucketOptions {
  readonly bucket: string;
  readonly prefix: string;
  readonly connection: AwsConnection<S3Client>;
}

/** A bucket of S3, or of a store with its protocol and conditional writes. */
export class S3Bucket implements Bucket {
  readonly uri: string;
  readonly #options: S3BucketOptions;

  constructor(options: S3BucketOptions) {
    this.#options = options;
    this.uri = `s3://${options.bucket}`;
  }

  async write(object: NewObject, condition: WriteCondition, signal: AbortSignal): Promise<boolean> {
    const doing = `writing ${this.uri}/${object.name}`;
    try {
      const client = await this.#options.connection.client(signal);
      const { PutObjectCommand } = await import('@aws-sdk/client-s3');
      const response = await client.send(
        new PutObjectCommand({
          Bucket: this.#options.bucket,
          Key: object.name,
          Body: object.body,
          ContentType: object.contentType,
          Metadata: { [OWNER_METADATA]: object.owner, [DIGEST_METADATA]: sha256(object.body) },
          ...('absent' in condition ? { IfNoneMatch: '*' } : { IfMatch: condition.version }),
        }),
        { abortSignal: signal },
      );
      // A proxy can answer 200 for anything; only the store returns an entity tag.
      if (response.ETag !== undefined) return true;
    } catch (error) {
      signal.throwIfAborted();
      if (isOvertaken(error)) return false;
      throw awsFailure(error, doing, MEANINGS);
    }
    throw notS3(doing);
  }

  async read(name: string, signal: AbortSignal): Promise<FoundObject | undefined> {
    const doing = `reading ${this.uri}/${name}`;
    try {
      const client = await this.#options.connection.client(signal);
      const { GetObjectCommand } = await import('@aws-sdk/client-s3');
      const command = new GetObjectCommand({ Bucket: this.#options.bucket, Key: name });
      const { Body, ETag, Metadata } = await client.send(command, { abortSignal: signal });
      const body = Buffer.from((await Body?.transformToByteArray()) ?? []);
      if (ETag === undefined || !isWhole(body, Metadata)) throw notS3(doing);
      return { body, owner: Metadata?.[OWNER_METADATA], version: ETag };
    } catch (error) {
      signal.throwIfAborted();
      if (awsErrorName(error) === 'NoSuchKey') return undefined;
      throw awsFailure(error, doing, MEANINGS);
    }
  }

  async tryOut(signal: AbortSignal): Promise<void> {
    const name = `${this.#options.prefix}${TRIAL_NAME}`;
    const trial = { name, body: Buffer.alloc(0), contentType: 'text/plain', owner: 'none' };
    if (!(await this.write(trial, { version: NO_TAG }, signal))) return;
    await this.#remove(name, signal);
    throw new StorageError('BackendRejected', `probing ${this.uri}: ${noConditions.remedy}`);
  }

  close(): Promise<void> {
    return this.#options.connection.close();
  }

  async #remove(name: string, signal: AbortSignal): Promise<void> {
    try {
      const client = await this.#options.connection.client(signal);
      const { DeleteObjectCommand } = await import('@aws-sdk/client-s3');
      const command = new DeleteObjectCommand({ Bucket: this.#options.bucket, Key: name });
      await client.send(command, { abortSignal: signal });
    } catch (error) {
      signal.throwIfAborted();
      throw awsFailure(error, `removing ${this.uri}/${name}`, MEANINGS);
    }
  }
}

function sha256(body: Buffer): string {
  return createHash('sha256').update(body).digest('hex');
}

/** Objects of other tools have no digest in their metadata. */
function isWhole(body: Buffer, metadata: Readonly<Record<string, string>> = {}): boolean {
  const digest = metadata[DIGEST_METADATA];
  return digest === undefined || digest === sha256(body);
}

function notS3(doing: string): StorageError {
  return new StorageError('BackendUnavailable', `${doing}: the answer is not that of S3; it is tried again`);
}

/** The condition did not hold, or another writer was at it at the same moment, or the version to replace is gone. */
function isOvertaken(error: unknown): boolean {
  const status = awsStatus(error);
  return (
    status === 412 ||
    (status === 409 && awsErrorName(error) === 'ConditionalRequestConflict') ||
    awsErrorName(error) === 'NoSuchKey'
  );
}
