// SPDX-License-Identifier: Apache-2.0
import type { TrustedRoot } from '@sigstore/protobuf-specs';
import type { SignedArtifact } from '../evidence/artifact.ts';
import { isObject } from '../json/fields.ts';
import type { EgressResponse } from '../net/egress-client.ts';
import type { LogClient } from './log-client.ts';
import { witnessRefusal } from './log-failure.ts';
import { logRequestV2, type TiledAlgorithm } from './log-request.ts';
import { tiledEntry } from './tiled-entry.ts';
import { TransparencyError } from './transparency-error.ts';

const headers = { 'content-type': 'application/json', accept: 'application/json' };

/**
 * Logs a signature in Rekor v2, which responds once a checkpoint covers the entry, or reads its existing entry from the log.
 * @returns JSON of TransparencyLogEntry, not verified
 */
export async function rekorV2Entry(
  artifact: SignedArtifact,
  { algorithm, trustedRoot }: { readonly algorithm: TiledAlgorithm; readonly trustedRoot: TrustedRoot },
  client: LogClient,
): Promise<object> {
  const body = JSON.stringify(logRequestV2(artifact, algorithm));
  const created = await client.send({ method: 'POST', url: client.at('/api/v2/log/entries'), headers, body });
  if (created.status === 409) return tiledEntry(existingIndex(created, client), trustedRoot, client);
  if (created.status !== 200 && created.status !== 201) throw witnessRefusal(created, client.name);
  const entry = client.json(created.body);
  if (isObject(entry)) return entry;
  throw new TransparencyError(
    client.name.unavailable,
    `the ${client.name.text} returned a response that is not a log entry`,
  );
}

/** Reads the index of an existing entry. */
function existingIndex(response: EgressResponse, { name }: LogClient): number {
  const index = response.headers['x-log-index'] ?? '';
  if (/^\d{1,12}$/.test(index)) return Number(index);
  throw witnessRefusal(response, name);
}
