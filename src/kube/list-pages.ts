// SPDX-License-Identifier: Apache-2.0
import { isJsonObject, objectField, stringField } from './json.ts';
import { isExpired, isResponseTooLarge, KubeError } from './kube-error.ts';
import type { Query } from './kube-transport.ts';

export interface ListOptions {
  readonly signal: AbortSignal;
  /** Absent: all namespaces. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  /** Objects a page, 500 when absent; lowered by itself when a page exceeds its size cap. */
  readonly pageSize?: number | undefined;
  /** 32 MiB when absent. */
  readonly maxPageBytes?: number | undefined;
  /** For each page. */
  readonly timeoutMs?: number | undefined;
}

export interface ListPage {
  readonly items: readonly unknown[];
  /** The version of the whole list: the same on all pages of one list. */
  readonly resourceVersion: string;
  /** The list began anew with this page, since the token for the next one had expired. */
  readonly restarted: boolean;
}

const PAGE_SIZE = 500;
const MAX_RESTARTS = 5;

/**
 * One consistent list in pages: the resourceVersion is left unset, so that the first page is read from a quorum and is at least
 * as new as anything seen before.
 */
export async function* listPages(
  fetchPage: (query: Query, options: ListOptions) => Promise<unknown>,
  options: ListOptions,
): AsyncGenerator<ListPage, void, undefined> {
  let limit = options.pageSize ?? PAGE_SIZE;
  let continueToken: string | undefined;
  let restarts = 0;
  let restarted = false;
  for (;;) {
    const query = {
      limit,
      continue: continueToken,
      labelSelector: options.labelSelector,
      fieldSelector: options.fieldSelector,
    };
    let answer: unknown;
    try {
      answer = await fetchPage(query, options);
    } catch (error) {
      if (isResponseTooLarge(error) && limit > 1) {
        limit = Math.max(1, Math.floor(limit / 4));
        continue;
      }
      if (!isExpired(error) || continueToken === undefined || restarts >= MAX_RESTARTS) throw error;
      restarts += 1;
      restarted = true;
      continueToken = undefined;
      continue;
    }
    const page = readPage(answer, restarted);
    yield page;
    restarted = false;
    if (page.continueToken === undefined) return;
    continueToken = page.continueToken;
  }
}

function readPage(answer: unknown, restarted: boolean): ListPage & { readonly continueToken: string | undefined } {
  const items = isJsonObject(answer) ? (answer['items'] ?? []) : undefined;
  const metadata = objectField(answer, 'metadata');
  const resourceVersion = stringField(metadata, 'resourceVersion');
  if (!Array.isArray(items) || resourceVersion === undefined) {
    throw new KubeError({
      status: 0,
      reason: 'MalformedResponse',
      message: 'the API server sent something that is not a list',
    });
  }
  const token = stringField(metadata, 'continue');
  return { items, resourceVersion, restarted, continueToken: token === '' ? undefined : token };
}
