// SPDX-License-Identifier: Apache-2.0
import Type, { type Static } from 'typebox';
import { matchesRule } from '../fields/cel-rule.ts';
import { httpURL } from '../fields/http-url.ts';
import type { Immutable } from '../fields/immutable.ts';
import { awsRegion } from './cloud-names.ts';
import { awsAuthentication, plainEndpointRule } from './cloud-authentication.ts';
import { tls } from './tls.ts';

const tableName = /^[-_.A-Za-z0-9]{3,255}$/;

/** `spec.dynamodb` of both backend kinds. */
export const dynamodb = Type.Object(
  {
    table: Type.String({
      description: 'Name of the table, whose partition key must be the string Name, without a sort key.',
      minLength: 3,
      maxLength: 255,
      'x-kubernetes-validations': [matchesRule(tableName, "must be a table's name, not its ARN")],
    }),
    region: awsRegion('Region of the table.'),
    endpoint: Type.Optional(httpURL('Endpoint of the API, that of the region by default.')),
    authentication: awsAuthentication,
    tls: Type.Optional(tls),
  },
  { description: 'Settings of the type DynamoDB.', 'x-kubernetes-validations': [plainEndpointRule('endpoint')] },
);

export type DynamoDBSpec = Immutable<Static<typeof dynamodb>>;
