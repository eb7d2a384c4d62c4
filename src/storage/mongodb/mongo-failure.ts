// SPDX-License-Identifier: Apache-2.0
import { field } from '../../json/fields.ts';
import type { StorageReason } from '../storage-error.ts';
import { StorageError } from '../storage-error.ts';
import { callFailure, codeOf } from '../http/call-failure.ts';

/** The server's error codes, by their meaning for the backend. */
const UNAUTHORIZED: ReadonlySet<number> = new Set([11, 13, 18, 8000]);
const REJECTED: ReadonlySet<number> = new Set([
  2, 9, 14, 15, 20, 22, 26, 52, 55, 57, 59, 72, 73, 115, 121, 166, 263, 10334, 17280, 17419,
]);

const REMEDIES: Partial<Record<StorageReason, string>> = {
  BackendUnauthorized: "; give the connection string's account the role readWrite on the database",
  BackendRejected: '; the server does not take such a document or collection',
};

/**
 * Translate a failed call of the driver. Repeat only codes: the driver's texts contain host lists, and the server's texts
 * cannot be trusted.
 */
export function mongoFailure(error: unknown, doing: string): StorageError {
  if (error instanceof StorageError) return error;
  const name = error instanceof Error ? error.name : '';
  const code = member(error, 'code');
  if (typeof code === 'number' && /^Mongo(Server|Write|BulkWrite)/.test(name) && name !== 'MongoServerSelectionError') {
    return serverFailure(code, member(error, 'codeName'), doing);
  }
  if (/^(BSON|MongoInvalidArgument|MongoMissingDependency|MongoMissingCredentials|MongoAPI)/.test(name)) {
    return new StorageError(
      'BackendRejected',
      `${doing}: the connection string or the document cannot be used (${name})`,
    );
  }
  if (name.startsWith('Mongo')) {
    const hint = certificateHint(codeOf(rootCause(error)));
    return new StorageError('BackendUnavailable', `${doing}: no member of the database answers as it should${hint}`);
  }
  return callFailure(error, doing);
}

function serverFailure(code: number, codeName: unknown, doing: string): StorageError {
  const reason = reasonOf(code);
  const named = typeof codeName === 'string' && /^[A-Za-z]{1,40}$/.test(codeName) ? ` ${codeName}` : '';
  return new StorageError(reason, `${doing}: the server answers with error ${code}${named}${REMEDIES[reason] ?? ''}`);
}

function reasonOf(code: number): StorageReason {
  if (UNAUTHORIZED.has(code)) return 'BackendUnauthorized';
  return REJECTED.has(code) ? 'BackendRejected' : 'BackendUnavailable';
}

function certificateHint(code: string): string {
  if (code === 'no code') return '';
  const isCertificate = /CERT|SELF_SIGNED|UNABLE_TO_(VERIFY|GET)/.test(code);
  return ` (${code})${isCertificate ? "; name its certificate authority in the backend's tls.caBundleRef" : ''}`;
}

/** The reason why the last member did not respond, in a failed server selection. */
function rootCause(error: unknown): unknown {
  const servers: unknown = member(member(error, 'reason'), 'servers');
  if (!(servers instanceof Map)) return error;
  for (const server of servers.values()) {
    const cause = member(server, 'error');
    if (cause instanceof Error) return cause;
  }
  return error;
}

/** A property of a driver object, own or inherited. */
function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return field(value, name) ?? Reflect.get(value, name);
}
