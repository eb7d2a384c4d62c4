// SPDX-License-Identifier: Apache-2.0
import type { WithEffectiveTls } from '../../api/v1alpha1/backend-types/effective-tls.ts';
import type { GCSSpec } from '../../api/v1alpha1/backend-types/gcs.ts';
import { backendTls } from '../http/backend-tls.ts';
import type { BackendDefinition } from '../backend-definition.ts';
import { BucketDriver } from '../buckets/bucket-driver.ts';
import type { DriverContext, StorageDriver } from '../driver.ts';
import { GoogleAuthorization } from '../http/google-authorization.ts';
import { GcsBucket } from './gcs-bucket.ts';

const DEFAULT_ENDPOINT = 'https://storage.googleapis.com';
const SCOPE = 'https://www.googleapis.com/auth/devstorage.read_write';

/** Evidence in a bucket of Google Cloud Storage, laid out as Tekton Chains' `gcs` storage does. */
export function gcsDriver(
  backend: BackendDefinition,
  gcs: WithEffectiveTls<GCSSpec>,
  context: DriverContext,
): StorageDriver {
  const { apiEndpoint: endpoint = DEFAULT_ENDPOINT, authentication } = gcs;
  const bucket = new GcsBucket({
    bucket: gcs.bucket,
    endpoint,
    egress: context.egress,
    tls: (signal) => backendTls(backend, gcs.tls, context.objects, signal),
    authorization: new GoogleAuthorization({ backend, authentication, scope: SCOPE, endpoint }, context),
  });
  return new BucketDriver(bucket, { keys: backend.spec.keys, putTimeoutMs: context.putTimeoutMs });
}
