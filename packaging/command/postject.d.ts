// SPDX-License-Identifier: Apache-2.0
declare module 'postject' {
  /** Writes a resource into an executable file, and flips the bit that says so. */
  export function inject(
    file: string,
    resource: string,
    data: Buffer,
    options: { readonly sentinelFuse: string },
  ): Promise<void>;
}
