// SPDX-License-Identifier: Apache-2.0
import Type, { type Static } from 'typebox';
import { matchesRule } from '../fields/cel-rule.ts';
import { httpURL } from '../fields/http-url.ts';
import type { Immutable } from '../fields/immutable.ts';
import { awsRegion } from './cloud-names.ts';
import { awsAuthentication, plainEndpointRule } from './cloud-authentication.ts';
import { tls } from './tls.ts';

const bucketName = /^[a-z0-9][-.a-z0-9]{1,61}[a-z0-9]$/;
const prefixPath = /^([-_.A-Za-z0-9]*[-_A-Za-z0-9][-_.A-Za-z0-9]*\/)+$/;

/** `spec.s3` of both backend kinds. */
export const s3 = Type.Object(
  {
    bucket: Type.String({
      description: 'Name of the bucket.',
      minLength: 3,
      maxLength: 63,
      'x-kubernetes-validations': [
        matchesRule(bucketName, "must be a bucket's name, without a scheme and without a path"),
      ],
    }),
    region: awsRegion('Region of the bucket. Stores that know no regions take any, us-east-1 for one.'),
    endpoint: Type.Optional(httpURL('Endpoint of a store that speaks the protocol, that of AWS by default.')),
    forcePathStyle: Type.Optional(
      Type.Boolean({
        description: 'Name the bucket in the path instead of the host, as most stores other than AWS want it.',
      }),
    ),
    prefix: Type.Optional(
      Type.String({
        description: 'What the names of all objects begin with.',
        minLength: 1,
        maxLength: 256,
        'x-kubernetes-validations': [
          matchesRule(
            prefixPath,
            "must be one or more path segments of letters, digits, '-', '_' and '.', each ended by /",
          ),
        ],
      }),
    ),
    authentication: awsAuthentication,
    tls: Type.Optional(tls),
  },
  { description: 'Settings of the type S3.', 'x-kubernetes-validations': [plainEndpointRule('endpoint')] },
);

export type S3Spec = Immutable<Static<typeof s3>>;
