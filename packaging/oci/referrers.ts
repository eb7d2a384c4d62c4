// SPDX-License-Identifier: Apache-2.0
import { type Descriptor, type Layout, mediaTypes } from './layout.ts';

/** Content that describes an image or artifact of a layout. */
export interface Referrer {
  readonly content: Buffer;
  readonly mediaType: string;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Adds content as an artifact that refers to a manifest, as OCI 1.1 and cosign 3 write it, and lists it. */
export async function addReferrer(
  layout: Layout,
  { mediaType, digest, size }: Descriptor,
  { content, mediaType: artifactType, annotations }: Referrer,
): Promise<void> {
  const config = await layout.addBlob(Buffer.from('{}'), mediaTypes.empty);
  const layers = [await layout.addBlob(content, artifactType)];
  const subject = { mediaType, digest, size };
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    artifactType,
    config,
    layers,
    subject,
    annotations,
  };
  await layout.list({ ...(await layout.addJson(manifest, mediaTypes.manifest)), artifactType });
}
