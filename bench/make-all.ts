// SPDX-License-Identifier: Apache-2.0

/** Clients that make objects at the same time. */
const MAKERS = 8;

/** Calls `make` with 0 to `count` - 1, eight at a time. */
export async function makeAll(count: number, make: (index: number) => Promise<void>): Promise<void> {
  const indexes = Array.from({ length: count }, (_, index) => index).values();
  const maker = async (): Promise<void> => {
    for (const index of indexes) await make(index);
  };
  await Promise.all(Array.from({ length: MAKERS }, maker));
}
