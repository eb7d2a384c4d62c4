// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A reference to a blob or manifest of a layout (OCI image specification 1.1). */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: { readonly os: string; readonly architecture: string };
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

export const mediaTypes = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  imageConfig: 'application/vnd.oci.image.config.v1+json',
  imageLayer: 'application/vnd.oci.image.layer.v1.tar+gzip',
  empty: 'application/vnd.oci.empty.v1+json',
} as const;

const TAG = 'org.opencontainers.image.ref.name';

/** A folder with images or artifacts as the OCI image layout describes it. */
export class Layout {
  readonly folder: string;
  readonly #entries: Descriptor[] = [];

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Starts an empty one; what the folder held is gone. */
  static async create(folder: string): Promise<Layout> {
    await rm(folder, { recursive: true, force: true });
    await mkdir(join(folder, 'blobs', 'sha256'), { recursive: true });
    await writeFile(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
    return new Layout(folder);
  }

  async addBlob(bytes: Buffer, mediaType: string): Promise<Descriptor> {
    const hex = createHash('sha256').update(bytes).digest('hex');
    await writeFile(join(this.folder, 'blobs', 'sha256', hex), bytes);
    return { mediaType, digest: `sha256:${hex}`, size: bytes.length };
  }

  /** Adds a manifest, an index or a configuration. */
  addJson(value: object, mediaType: string): Promise<Descriptor> {
    return this.addBlob(Buffer.from(JSON.stringify(value)), mediaType);
  }

  /** Lists a manifest or index in the layout's index, with its tag. */
  async list(descriptor: Descriptor, tag?: string): Promise<void> {
    this.#entries.push(tag === undefined ? descriptor : { ...descriptor, annotations: { [TAG]: tag } });
    const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests: this.#entries };
    await writeFile(join(this.folder, 'index.json'), `${JSON.stringify(index, undefined, 2)}\n`);
  }
}

/** The tag under which a layout lists a manifest. */
export function tagOf(descriptor: Descriptor): string | undefined {
  return descriptor.annotations?.[TAG];
}

export function readBlob(folder: string, digest: string): Promise<Buffer> {
  return readFile(join(folder, 'blobs', ...digest.split(':')));
}
