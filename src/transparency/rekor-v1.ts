// SPDX-License-Identifier: Apache-2.0
import { isObject, numberField, objectField, stringField } from '../json/fields.ts';
import type { EgressRequest, EgressResponse } from '../net/egress-client.ts';
import type { SignedArtifact } from '../evidence/artifact.ts';
import type { LogClient } from './log-client.ts';
import { witnessRefusal } from './log-failure.ts';
import { logRequestV1 } from './log-request.ts';
import { TransparencyError } from './transparency-error.ts';
import type { Hash } from './signature-algorithm.ts';

const headers = { 'content-type': 'application/json', accept: 'application/json' };
const entryID = /^[0-9a-f]{64,80}$/;

/** Logs a signature in Rekor v1, or fetches its existing entry. @returns JSON of TransparencyLogEntry, not verified */
export async function rekorV1Entry(
  artifact: SignedArtifact,
  hash: Hash | undefined,
  client: LogClient,
): Promise<object> {
  const body = JSON.stringify(logRequestV1(artifact, hash));
  const created = await client.send({ method: 'POST', url: client.at('/api/v1/log/entries'), headers, body });
  if (created.status === 200 || created.status === 201) return entryOf(created, client);
  if (created.status !== 409) throw witnessRefusal(created, client.name);
  const existing = await client.send(existingEntry(created, client));
  if (existing.status !== 200) throw witnessRefusal(existing, client.name);
  return entryOf(existing, client);
}

/** Requests the entry that a conflict names. The log's own URL is used, wherever the Location header points. */
function existingEntry({ headers: { location = '' } }: EgressResponse, client: LogClient): EgressRequest {
  const id = location.split('/').at(-1) ?? '';
  if (!entryID.test(id)) throw malformed(client);
  return { method: 'GET', url: client.at(`/api/v1/log/entries/${id}`), headers: { accept: 'application/json' } };
}

function entryOf({ body }: EgressResponse, client: LogClient): object {
  const entries = client.json(body);
  const [entry, ...others] = isObject(entries) ? Object.values(entries) : [];
  const canonicalizedBody = stringField(entry, 'body');
  const logIndex = numberField(entry, 'logIndex');
  const integratedTime = numberField(entry, 'integratedTime');
  const logID = stringField(entry, 'logID');
  if (
    others.length > 0 ||
    canonicalizedBody === undefined ||
    logIndex === undefined ||
    integratedTime === undefined ||
    logID === undefined
  )
    throw malformed(client);
  const content = client.json(Buffer.from(canonicalizedBody, 'base64'));
  const signedEntryTimestamp = stringField(objectField(entry, 'verification'), 'signedEntryTimestamp');
  return {
    logIndex: String(logIndex),
    logId: { keyId: fromHex(logID) },
    kindVersion: { kind: stringField(content, 'kind') ?? '', version: stringField(content, 'apiVersion') ?? '' },
    integratedTime: String(integratedTime),
    ...(signedEntryTimestamp === undefined ? {} : { inclusionPromise: { signedEntryTimestamp } }),
    ...inclusionProof(objectField(objectField(entry, 'verification'), 'inclusionProof')),
    canonicalizedBody,
  };
}

function inclusionProof(proof: Readonly<Record<string, unknown>>): object {
  const { hashes } = proof;
  if (!Array.isArray(hashes)) return {};
  return {
    inclusionProof: {
      logIndex: String(numberField(proof, 'logIndex') ?? -1),
      rootHash: fromHex(stringField(proof, 'rootHash') ?? ''),
      treeSize: String(numberField(proof, 'treeSize') ?? 0),
      hashes: hashes.map((hash: unknown) => fromHex(typeof hash === 'string' ? hash : '')),
      checkpoint: { envelope: stringField(proof, 'checkpoint') ?? '' },
    },
  };
}

function fromHex(text: string): string {
  return Buffer.from(text, 'hex').toString('base64');
}

function malformed({ name }: LogClient): TransparencyError {
  return new TransparencyError(
    name.unavailable,
    `the ${name.text} returned a response that is not a log entry of Rekor v1`,
  );
}
