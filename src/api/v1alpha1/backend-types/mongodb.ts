// SPDX-License-Identifier: Apache-2.0
import Type, { type Static } from 'typebox';
import { matchesRule } from '../fields/cel-rule.ts';
import type { Immutable } from '../fields/immutable.ts';
import { objectName } from '../fields/object-name.ts';
import { tls, where } from './tls.ts';

const databaseName = /^[-_A-Za-z0-9]{1,63}$/;
const collectionName = /^[-_A-Za-z0-9]([-_.A-Za-z0-9]{0,198}[-_A-Za-z0-9])?$/;

/** `spec.mongodb` of both backend kinds. */
export const mongodb = Type.Object(
  {
    connectionSecretRef: Type.Object(
      {
        name: objectName(`Name of the Secret, read ${where} at each use.`),
        key: Type.Optional(
          Type.String({
            description: 'Entry that holds the connection string, MONGO_SERVER_URL by default.',
            minLength: 1,
            maxLength: 253,
          }),
        ),
      },
      { description: 'Secret with the connection string: mongodb:// or mongodb+srv://, with the credentials in it.' },
    ),
    database: Type.String({
      description: 'Name of the database.',
      minLength: 1,
      maxLength: 63,
      'x-kubernetes-validations': [
        matchesRule(databaseName, "must be a database's name: letters, digits, '_' and '-'"),
      ],
    }),
    collection: Type.String({
      description: 'Name of the collection. It must exist.',
      minLength: 1,
      maxLength: 200,
      'x-kubernetes-validations': [
        matchesRule(collectionName, "must be a collection's name: letters, digits, '.', '_' and '-'"),
      ],
    }),
    tls: Type.Optional(tls),
  },
  { description: 'Settings of the type MongoDB.' },
);

export type MongoDBSpec = Immutable<Static<typeof mongodb>>;
