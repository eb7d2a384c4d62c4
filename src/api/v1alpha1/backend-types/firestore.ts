// SPDX-License-Identifier: Apache-2.0
import Type, { type Static } from 'typebox';
import { matchesRule } from '../fields/cel-rule.ts';
import { httpURL } from '../fields/http-url.ts';
import type { Immutable } from '../fields/immutable.ts';
import { googleAuthentication, plainEndpointRule } from './cloud-authentication.ts';
import { googleProject } from './cloud-names.ts';
import { tls } from './tls.ts';

const databaseID = /^(\(default\)|[a-z][-a-z0-9]{2,61}[a-z0-9])$/;
const collectionID = /^[A-Za-z0-9]([-_.A-Za-z0-9]{0,198}[A-Za-z0-9])?$/;

/** `spec.firestore` of both backend kinds. */
export const firestore = Type.Object(
  {
    projectID: googleProject('Google Cloud project of the database.'),
    database: Type.Optional(
      Type.String({
        description: 'ID of the database, (default) by default. In native mode.',
        minLength: 1,
        maxLength: 63,
        'x-kubernetes-validations': [matchesRule(databaseID, "must be a database's ID")],
      }),
    ),
    collection: Type.String({
      description: 'ID of the collection at the root of the database.',
      minLength: 1,
      maxLength: 200,
      'x-kubernetes-validations': [
        matchesRule(collectionID, "must be a collection's ID: letters, digits, '.', '_' and '-', without a path"),
      ],
    }),
    endpoint: Type.Optional(httpURL('Endpoint of the REST API, https://firestore.googleapis.com by default.')),
    authentication: googleAuthentication,
    tls: Type.Optional(tls),
  },
  { description: 'Settings of the type Firestore.', 'x-kubernetes-validations': [plainEndpointRule('endpoint')] },
);

export type FirestoreSpec = Immutable<Static<typeof firestore>>;
