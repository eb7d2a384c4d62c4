// SPDX-License-Identifier: Apache-2.0
import Type, { type Static } from 'typebox';
import { matchesRule } from '../fields/cel-rule.ts';
import { httpURL } from '../fields/http-url.ts';
import type { Immutable } from '../fields/immutable.ts';
import { googleAuthentication, plainEndpointRule } from './cloud-authentication.ts';
import { tls } from './tls.ts';

const bucketName = /^[a-z0-9][-_.a-z0-9]{1,220}[a-z0-9]$/;

/** `spec.gcs` of both backend kinds. */
export const gcs = Type.Object(
  {
    bucket: Type.String({
      description: 'Name of the bucket.',
      minLength: 3,
      maxLength: 222,
      'x-kubernetes-validations': [
        matchesRule(bucketName, "must be a bucket's name, without a scheme and without a path"),
      ],
    }),
    apiEndpoint: Type.Optional(
      httpURL('Endpoint of the JSON API, https://storage.googleapis.com by default: for private endpoints.'),
    ),
    authentication: googleAuthentication,
    tls: Type.Optional(tls),
  },
  { description: 'Settings of the type GCS.', 'x-kubernetes-validations': [plainEndpointRule('apiEndpoint')] },
);

export type GCSSpec = Immutable<Static<typeof gcs>>;
