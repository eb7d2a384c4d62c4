// SPDX-License-Identifier: Apache-2.0
import { askDynamoDb, makeEvidenceTable } from '../../e2e/storage/dynamodb-request.ts';
import { makeS3Bucket, sendToS3 } from '../../e2e/storage/s3-request.ts';
import { FakeGcs } from '../../e2e/testbed/gcs/fake-gcs.ts';
import { Moto } from '../../e2e/testbed/moto/moto.ts';
import type { StorageSubject } from './storage-subject.ts';
import { NAME, plainly, SubjectBed } from './subject-bed.ts';

const authentication = { type: 'Secret', secretRef: { name: NAME } } as const;
const tls = { insecure: true };

/** Google's buckets. */
export async function* gcsSubjects(): AsyncGenerator<StorageSubject, void, undefined> {
  const bed = await SubjectBed.start();
  try {
    const gcs = await FakeGcs.start(bed.supervisor);
    await gcs.makeBucket(NAME);
    const body = new Uint8Array(bed.payload);
    yield {
      name: 'GCS',
      ...bed.backendWays(
        gcs.url,
        (apiEndpoint) => ({ type: 'GCS', gcs: { bucket: NAME, apiEndpoint, authentication, tls } }),
        { access_token: NAME },
      ),
      plainWrite: (index) =>
        plainly(`${gcs.url}/upload/storage/v1/b/${NAME}/o?uploadType=media&name=plain-${index}`, {
          method: 'POST',
          body,
        }),
    };
  } finally {
    await bed.stop();
  }
}

/** Amazon's buckets and tables, which one server serves. */
export async function* awsSubjects(): AsyncGenerator<StorageSubject, void, undefined> {
  const bed = await SubjectBed.start();
  try {
    const moto = await Moto.start(bed.supervisor);
    await Promise.all([makeS3Bucket(moto, NAME), makeEvidenceTable(moto, NAME)]);
    const aws = { region: moto.region, authentication, tls };
    const entries = { aws_access_key_id: NAME, aws_secret_access_key: NAME };
    const body = new Uint8Array(bed.payload);
    yield {
      name: 'S3',
      ...bed.backendWays(
        moto.url,
        (endpoint) => ({ type: 'S3', s3: { bucket: NAME, forcePathStyle: true, endpoint, ...aws } }),
        entries,
      ),
      plainWrite: async (index) => {
        await (await sendToS3(moto, `${NAME}/plain-${index}`, { method: 'PUT', body })).arrayBuffer();
      },
    };
    const item = { Signed: { B: bed.payload.toString('base64') } };
    yield {
      name: 'DynamoDB',
      ...bed.backendWays(
        moto.url,
        (endpoint) => ({ type: 'DynamoDB', dynamodb: { table: NAME, endpoint, ...aws } }),
        entries,
      ),
      plainWrite: (index) =>
        askDynamoDb(moto, 'PutItem', { TableName: NAME, Item: { Name: { S: `plain-${index}` }, ...item } }),
    };
  } finally {
    await bed.stop();
  }
}
