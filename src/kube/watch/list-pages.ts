// SPDX-License-Identifier: Apache-2.0
import { isObject, objectField, stringField } from '../../json/fields.ts';
import { isExpired, isResponseTooLarge, KubeError } from '../kube-error.ts';
import type { Query } from '../kube-transport.ts';
import { PageSize } from './page-size.ts';

export interface ListOptions {
  readonly signal: AbortSignal;
  /** Absent: all namespaces. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  /** Objects a page, 100 when absent; lowered by itself when a page exceeds its size cap, and raised again after some good ones. */
  readonly pageSize?: number | undefined;
  /** 32 MiB when absent. */
  readonly maxPageBytes?: number | undefined;
  /** For each page. */
  readonly timeoutMs?: number | undefined;
  /**
   * The caller follows a watch from the version of the first page. Where a token expires, the later pages may then be of a later version:
   * the watch delivers the changes between the two.
   */
  readonly isFollowed?: boolean | undefined;
}

export interface ListPage {
  readonly items: readonly unknown[];
  /** The version of the list: the same on all pages, unless the list is followed and its token expired. */
  readonly resourceVersion: string;
  /** The list restarted with this page, because the continue token had expired. */
  readonly restarted: boolean;
  readonly isLast: boolean;
}

/** Runs of 8 kB by the hundred: larger pages are no faster to read, and the largest one decides how much memory a start takes. */
const PAGE_SIZE = 100;
/** Tokens that expire before they were good for a page. */
const MAX_EXPIRED = 5;

/**
 * One list in pages. The resourceVersion is left unset, so that the first page is read from a quorum and is at least as new as anything
 * seen before. etcd keeps that version for some minutes; a list that takes longer goes on at a later version, if it is followed, or
 * begins anew.
 */
export async function* listPages(
  fetchPage: (query: Query, options: ListOptions) => Promise<unknown>,
  options: ListOptions,
): AsyncGenerator<ListPage, void, undefined> {
  const { labelSelector, fieldSelector, isFollowed = false } = options;
  const size = new PageSize(options.pageSize ?? PAGE_SIZE);
  let continueToken: string | undefined;
  let expired = 0;
  let restarted = false;
  for (;;) {
    let response: unknown;
    try {
      response = await fetchPage(
        { limit: size.current, continue: continueToken, labelSelector, fieldSelector },
        options,
      );
    } catch (error) {
      if (isResponseTooLarge(error) && size.shrink()) continue;
      if (!isExpired(error) || continueToken === undefined || expired >= MAX_EXPIRED) throw error;
      // The watch follows from the version of a list that would be void.
      if (isFollowed && error.continueToken === undefined) throw error;
      expired += 1;
      continueToken = isFollowed ? error.continueToken : undefined;
      restarted = !isFollowed;
      continue;
    }
    size.good();
    const page = readPage(response, restarted);
    yield page;
    // A list that goes on makes progress with each page; one that restarts may never end.
    if (isFollowed) expired = 0;
    restarted = false;
    if (page.continueToken === undefined) return;
    continueToken = page.continueToken;
  }
}

function readPage(response: unknown, restarted: boolean): ListPage & { readonly continueToken: string | undefined } {
  const items = isObject(response) ? (response['items'] ?? []) : undefined;
  const metadata = objectField(response, 'metadata');
  const resourceVersion = stringField(metadata, 'resourceVersion');
  if (!Array.isArray(items) || resourceVersion === undefined) {
    throw new KubeError({
      status: 0,
      reason: 'MalformedResponse',
      message: 'the API server sent something that is not a list',
    });
  }
  const token = stringField(metadata, 'continue');
  const continueToken = token === '' ? undefined : token;
  return { items, resourceVersion, restarted, continueToken, isLast: continueToken === undefined };
}
