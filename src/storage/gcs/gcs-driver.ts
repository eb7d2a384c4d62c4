// SPDX-License-Identifier: Apache-2.0
import type { WithEffectiveTls } from '../../api/v1alpha1/backend-types/effective-tls.ts';
import type { GCSSpec } from '../../api/v1alpha1/backend-types/gcs.ts';
import { backendTls } from '../backend-tls.ts';
import type { BackendDefinition } from '../backend-definition.ts';
import { BucketDriver } from '../buckets/bucket-driver.ts';
import type { DriverContext } from '../driver-context.ts';
import type { StorageDriver } from '../driver.ts';
import { GcsBucket } from './gcs-bucket.ts';
import { GoogleAuthorization } from './google-authorization.ts';

/** Evidence in a bucket of Google Cloud Storage, laid out as Tekton Chains' `gcs` storage does. */
export function gcsDriver(
  backend: BackendDefinition,
  gcs: WithEffectiveTls<GCSSpec>,
  context: DriverContext,
): StorageDriver {
  const bucket = new GcsBucket({
    bucket: gcs.bucket,
    endpoint: gcs.apiEndpoint,
    door: context.door,
    tls: (signal) => backendTls(backend, gcs.tls, context.objects, signal),
    authorization: new GoogleAuthorization(backend, gcs.authentication, context),
  });
  return new BucketDriver(bucket, { keys: backend.spec.keys, putTimeoutMs: context.putTimeoutMs });
}
