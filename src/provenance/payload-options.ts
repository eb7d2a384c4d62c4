// SPDX-License-Identifier: Apache-2.0
import type { ImageReference } from '../tekton/images/image-reference.ts';
import type { ArtifactForm } from '../evidence/artifact.ts';
import type { FormatName, FormatOptions } from './statement.ts';

/** The forms of an image signature's payload. */
export type ImageSignatureFormat = Exclude<ArtifactForm, 'InTotoStatement'>;

/** The images that an image index holds, as far as they are known. */
export interface IndexImages {
  readonly images: readonly ImageReference[];
  /** One sentence for each image of the index that is left out. */
  readonly warnings: readonly string[];
}

export interface PayloadOptions {
  readonly attestation: { readonly format: FormatName | 'None' } & FormatOptions;
  readonly imageSignatureFormats: readonly ImageSignatureFormat[];
  /** By the full name of an image index that the run built: the images in it that get signatures of their own. None when absent. */
  readonly indexImages?: ReadonlyMap<string, IndexImages>;
}
