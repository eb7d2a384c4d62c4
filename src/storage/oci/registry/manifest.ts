// SPDX-License-Identifier: Apache-2.0

export interface ManifestContent {
  readonly bytes: Buffer;
  readonly mediaType: string;
}

export interface StoredManifest extends ManifestContent {
  /** The registry's ETag, if it sends one. */
  readonly etag?: string;
}

/** The descriptor of a manifest in another manifest. */
export interface ManifestDescriptor {
  readonly mediaType: string;
  readonly size: number;
  readonly digest: string;
}
