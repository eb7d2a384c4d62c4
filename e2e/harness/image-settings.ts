// SPDX-License-Identifier: Apache-2.0

/** The flags that the image gives to Node within the chart's default limit of 512 MiB: 60 % of it for the heap, in MiB, little of it for new objects, and WebAssembly compiled once. */
export const IMAGE_FLAGS = ['--max-old-space-size=307', '--max-semi-space-size=4', '--liftoff-only'] as const;

/** The environment that the image sets for the allocator. */
export const IMAGE_ENVIRONMENT = { MALLOC_TRIM_THRESHOLD_: '131072' } as const;
