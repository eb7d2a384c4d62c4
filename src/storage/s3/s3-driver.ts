// SPDX-License-Identifier: Apache-2.0
import type { S3Client } from '@aws-sdk/client-s3';
import type { WithEffectiveTls } from '../../api/v1alpha1/backend-types/effective-tls.ts';
import type { S3Spec } from '../../api/v1alpha1/backend-types/s3.ts';
import { AwsConnection } from '../aws/aws-connection.ts';
import type { AwsClientConfig } from '../aws/aws-connection.ts';
import type { BackendDefinition } from '../backend-definition.ts';
import { MAX_OBJECT_BYTES } from '../buckets/bucket.ts';
import { BucketDriver } from '../buckets/bucket-driver.ts';
import type { DriverContext, StorageDriver } from '../driver.ts';
import { S3Bucket } from './s3-bucket.ts';

/** Evidence in a bucket of S3 or of a store that speaks its protocol, laid out as in Cloud Storage. */
export function s3Driver(
  backend: BackendDefinition,
  s3: WithEffectiveTls<S3Spec>,
  context: DriverContext,
): StorageDriver {
  const { bucket, prefix = '', forcePathStyle = false } = s3;
  const make = async (config: AwsClientConfig): Promise<S3Client> => {
    const { S3Client: Client } = await import('@aws-sdk/client-s3');
    // Checksums that a request does not need are what stores other than AWS stumble over.
    const checksums = {
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    } as const;
    return new Client({ ...config, ...checksums, forcePathStyle });
  };
  const connection = new AwsConnection(backend, s3, context, { make, maxResponseBytes: MAX_OBJECT_BYTES });
  const { keys } = backend.spec;
  return new BucketDriver(new S3Bucket({ bucket, prefix, connection }), {
    keys,
    prefix,
    putTimeoutMs: context.putTimeoutMs,
  });
}
