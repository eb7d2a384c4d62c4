// SPDX-License-Identifier: Apache-2.0

/** As many as an ordinary user has served at a time. */
const WORKERS = 3;

/** Does work for each index below a count, a few at a time and in their order. */
export async function inParallel(count: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) await work(index);
  };
  await Promise.all(Array.from({ length: WORKERS }, worker));
}
