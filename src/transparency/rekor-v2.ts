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
 * Has Rekor v2 take a signature; it answers once a checkpoint covers the entry. What is there already is read from the log.
 * @returns JSON of TransparencyLogEntry, not verified
 */
export async function rekorV2Entry(
  artifact: SignedArtifact,
  { algorithm, trustedRoot }: { readonly algorithm: TiledAlgorithm; readonly trustedRoot: TrustedRoot },
  client: LogClient,
): Promise<object> {
  const body = JSON.stringify(logRequestV2(artifact, algorithm));
  const made = await client.ask({ method: 'POST', url: client.at('/api/v2/log/entries'), headers, body });
  if (made.status === 409) return tiledEntry(existingIndex(made, client), trustedRoot, client);
  if (made.status !== 200 && made.status !== 201) throw witnessRefusal(made, client.name);
  const answer = client.json(made.body);
  if (isObject(answer)) return answer;
  throw new TransparencyError(client.name.unavailable, `the ${client.name.text} gave an answer that is no log entry`);
}

/** Where the log says that the entry is. */
function existingIndex(response: EgressResponse, { name }: LogClient): number {
  const index = response.headers['x-log-index'] ?? '';
  if (/^\d{1,12}$/.test(index)) return Number(index);
  throw witnessRefusal(response, name);
}
