// SPDX-License-Identifier: Apache-2.0
import { stringField } from '../json/fields.ts';
import { wholeResponse } from '../net/whole-response.ts';
import type { KubeConnection } from './kube-connection.ts';
import { KubeError } from './kube-error.ts';
import { kubeErrorFromResponse } from './kube-status.ts';
import { answerTooLarge } from './read-at-most.ts';

/** A version takes less than a kilobyte. */
const MAX_BYTES = 64 * 1024;

/** The API server's own statements about itself. */
export interface ServerFacts {
  /** Such as `v1.33.1`. */
  readonly version: string;
  /** Its clock, in whole seconds. */
  readonly time: Date | undefined;
}

/** Asks the API server for its version, which every user may. @throws KubeError if it refuses, for instance a login, or does not answer */
export async function serverFacts(
  connection: Pick<KubeConnection, 'server' | 'endpoint'>,
  signal: AbortSignal,
): Promise<ServerFacts> {
  const base = new URL(connection.server);
  try {
    const { dispatcher, headers } = await connection.endpoint();
    const path = `${base.pathname.replace(/\/$/, '')}/version`;
    const request = { origin: base.origin, path, method: 'GET', headers: { ...headers } } as const;
    const answer = await wholeResponse(dispatcher, request, { signal, maxBytes: () => MAX_BYTES });
    if (answer.isCut) throw answerTooLarge('get version', MAX_BYTES);
    const { status } = answer;
    const text = answer.body.toString('utf8');
    if (status !== 200) throw kubeErrorFromResponse({ request: 'get version', status, text });
    const body: unknown = JSON.parse(text);
    const { date } = answer.headers;
    const time = typeof date === 'string' ? new Date(date) : undefined;
    return { version: stringField(body, 'gitVersion') ?? 'unknown', time };
  } catch (error) {
    if (error instanceof KubeError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new KubeError({ status: 0, reason: 'Unreachable', message: `get version: ${message}`, cause: error });
  }
}
