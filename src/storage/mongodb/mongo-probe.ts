// SPDX-License-Identifier: Apache-2.0
import type { MongoClient } from 'mongodb';
import { field, listField } from '../../json/fields.ts';
import { StorageError } from '../storage-error.ts';

export interface CollectionPlace {
  readonly database: string;
  readonly collection: string;
}

const NEEDED = ['find', 'insert', 'update'] as const;

/** Probe by reading only. @throws StorageError, and errors of the driver */
export async function probeCollection(client: MongoClient, place: CollectionPlace, signal: AbortSignal): Promise<void> {
  const database = client.db(place.database);
  const status: unknown = await database.command({ connectionStatus: 1, showPrivileges: true }, { signal });
  const missing = missingActions(field(status, 'authInfo'), place);
  if (missing.length > 0) {
    const message = `the connection string's account may not ${missing.join(', ')} in ${place.database}.${place.collection}; give it the role readWrite on the database`;
    throw new StorageError('BackendUnauthorized', message);
  }
  const options = { nameOnly: true, authorizedCollections: true, signal };
  const collections = await database.listCollections({ name: place.collection }, options).toArray();
  if (collections.length === 0) {
    const message = `the database ${place.database} has no collection ${place.collection}; create it, or correct the backend`;
    throw new StorageError('BackendRejected', message);
  }
}

/** The missing privileges of the account; none for a server without accounts or without a list of privileges. */
function missingActions(authInfo: unknown, place: CollectionPlace): readonly string[] {
  const privileges = listField(authInfo, 'authenticatedUserPrivileges');
  if (listField(authInfo, 'authenticatedUsers').length === 0 || privileges.length === 0) return [];
  const granted = privileges
    .filter((privilege) => covers(field(privilege, 'resource'), place))
    .flatMap((privilege) => listField(privilege, 'actions'));
  return granted.includes('anyAction') ? [] : NEEDED.filter((action) => !granted.includes(action));
}

function covers(resource: unknown, place: CollectionPlace): boolean {
  if (field(resource, 'anyResource') === true) return true;
  const database = field(resource, 'db');
  const collection = field(resource, 'collection');
  return (database === '' || database === place.database) && (collection === '' || collection === place.collection);
}
