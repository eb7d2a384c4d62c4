// SPDX-License-Identifier: Apache-2.0

/** The local process that stands in for an image. */
export interface ImageProcess {
  /** The image's entrypoint; the container's `args` follow it. */
  readonly command: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Put the container's own `command` between the two; without this it is ignored, as the image's entrypoint has no local path. */
  readonly withContainerCommand?: boolean;
  /** Further programs of the image, by their path there: a container whose `command` ends with one runs its local counterpart. */
  readonly programs?: Readonly<Record<string, readonly string[]>>;
}

/** The entry of the longest prefix that the image's name begins with. */
export function byImagePrefix<T>(entries: Readonly<Record<string, T>>, image: string): T | undefined {
  const [longest] = Object.keys(entries)
    .filter((prefix) => image.startsWith(prefix))
    .sort((a, b) => b.length - a.length);
  return longest === undefined ? undefined : entries[longest];
}
