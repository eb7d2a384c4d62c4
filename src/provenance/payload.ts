// SPDX-License-Identifier: Apache-2.0
import type { ImageReference } from '../tekton/images/image-reference.ts';
import type { FormatName, FormatOptions, Subject } from './statement.ts';

/** The exact bytes that are signed, and what the record keeps beside them. */
export interface Payload {
  /** `attestation`; `image-` or `image-statement-` and 12 hex digits of the SHA-256 of the image's full name: unique within a run. */
  readonly name: string;
  readonly type: 'Attestation' | 'ImageSignature';
  readonly form: 'InTotoStatement' | 'SimpleSigning' | 'SigstoreStatement';
  readonly payloadType: string;
  readonly bytes: Buffer;
  readonly subjects: readonly Subject[];
  readonly warnings: readonly string[];
}

/** What an image signature's payload looks like. */
export type ImageSignatureFormat = 'SimpleSigning' | 'SigstoreStatement';

/** The images that an image index holds, as far as they are known. */
export interface IndexImages {
  readonly images: readonly ImageReference[];
  /** What of the index is left out. */
  readonly warnings: readonly string[];
}

export interface PayloadOptions {
  readonly attestation: { readonly format: FormatName | 'None' } & FormatOptions;
  readonly imageSignatureFormats: readonly ImageSignatureFormat[];
  /** By the full name of an image that the run built: the images that get signatures of their own beside it. None when absent. */
  readonly indexImages?: ReadonlyMap<string, IndexImages>;
  /** The most bytes that one payload may have; unlimited when absent. */
  readonly maximumPayloadBytes?: number;
}
