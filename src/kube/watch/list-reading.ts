// SPDX-License-Identifier: Apache-2.0
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ListPage } from './list-pages.ts';

/** The receiver of a list's pages. */
export interface ListReader {
  begin(): void;
  object(object: unknown): void;
  /** Every page was read. */
  end(): void;
}

/**
 * One list whose first page is at hand. The others are read while the caller follows a watch from that page's version, so that a list
 * may take longer than the API server keeps a version. Each is asked for before the one before it is worked on.
 */
export class ListReading {
  /** From which a watch misses nothing. */
  readonly version: string;
  readonly #pages: AsyncGenerator<ListPage, void, undefined>;
  readonly #reader: ListReader;
  readonly #abandoned: AbortController;
  readonly #failure = new AbortController();
  readonly #reading: Promise<void>;
  #isComplete = false;

  private constructor(
    first: ListPage,
    pages: AsyncGenerator<ListPage, void, undefined>,
    options: { readonly reader: ListReader; readonly abandoned: AbortController },
  ) {
    this.version = first.resourceVersion;
    this.#pages = pages;
    this.#reader = options.reader;
    this.#abandoned = options.abandoned;
    this.#reader.begin();
    this.#read(first);
    // Also where no page follows: a generator that is not at its end keeps its last page in memory.
    this.#reading = this.#readRest();
  }

  /**
   * Reads the first page.
   * @throws KubeError when that fails
   */
  static async begin(
    pagesOf: (signal: AbortSignal) => AsyncGenerator<ListPage, void, undefined>,
    reader: ListReader,
    stop: AbortSignal,
  ): Promise<ListReading> {
    const abandoned = new AbortController();
    const pages = pagesOf(AbortSignal.any([stop, abandoned.signal]));
    const { value: first } = await pages.next();
    if (first === undefined) throw new Error('a list ended before its first page');
    return new ListReading(first, pages, { reader, abandoned });
  }

  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** Aborts with the error when a later page cannot be read. */
  get failure(): AbortSignal {
    return this.#failure.signal;
  }

  /** Reads no further, and waits until nothing of it goes on. */
  async abandon(): Promise<void> {
    this.#abandoned.abort(new Error('the list is given up for a newer one'));
    await this.#reading;
  }

  async #readRest(): Promise<void> {
    try {
      for (let next = this.#pages.next(); ;) {
        const { value: page } = await next;
        if (page === undefined) return;
        next = this.#pages.next();
        // Its failure is met once this page is read.
        next.catch(() => undefined);
        // The request leaves before this page takes the thread, so that the API server works on its answer meanwhile.
        await nextTurn();
        this.#read(page);
      }
    } catch (error) {
      this.#failure.abort(error);
    }
  }

  #read(page: ListPage): void {
    if (this.#abandoned.signal.aborted) return;
    for (const object of page.items) this.#reader.object(object);
    if (!page.isLast) return;
    this.#isComplete = true;
    this.#reader.end();
  }
}
