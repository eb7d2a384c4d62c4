// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { type Descriptor, type Layout, mediaTypes } from '../oci/layout.ts';
import { addReferrer } from '../oci/referrers.ts';
import { type TarEntry, type Tarball, tarball } from '../oci/tarball.ts';
import { nodeBinary, requireSameNode } from '../node-binary.ts';
import { architectureOf, type Platform } from '../platform.ts';
import { applicationFiles } from './application-files.ts';
import { baseFiles } from './base-files.ts';
import { debianPackages } from './debian-packages.ts';
import { imageConfig, imageLabels } from './image-config.ts';
import { imageSbom } from './image-sbom.ts';

export interface ImageSource {
  /** The checkout, with its packages installed. */
  readonly root: string;
  readonly platforms: readonly Platform[];
  /** The folder that keeps the packages of Debian from one build to the next; none by default. */
  readonly debian?: string | undefined;
  readonly version: string;
  readonly revision: string | undefined;
  readonly time: Date;
}

/** An image of a layout. */
export interface BuiltImage {
  /** The index, which a tag names. */
  readonly index: Descriptor;
  /** The images of the platforms. */
  readonly manifests: readonly Descriptor[];
}

/** Makes the image of the operator in a layout, with one manifest for each platform, and its SBOM as an artifact that refers to it. */
export async function buildImage(layout: Layout, source: ImageSource): Promise<BuiltImage> {
  requireSameNode(source.root);
  const application = await layer(await applicationFiles(source.root), source.time);
  const built = [];
  // One after the other: each holds Node in memory, with its archive.
  for (const platform of source.platforms) built.push(await platformImage(layout, { platform, application, source }));
  const manifests = built.map(({ descriptor }) => descriptor);
  const annotations = imageLabels(source);
  const content = { schemaVersion: 2, mediaType: mediaTypes.index, manifests, annotations };
  const index = await layout.addJson(content, mediaTypes.index);
  await layout.list(index, source.version);
  const contents = { debian: built.flatMap(({ debian }) => debian), nodes: built.map(({ node }) => node) };
  await addReferrer(layout, index, {
    content: await imageSbom(contents, source.time),
    mediaType: 'application/spdx+json',
    annotations: { 'org.opencontainers.image.created': source.time.toISOString() },
  });
  return { index, manifests };
}

interface Layer extends Tarball {
  readonly comment: string;
}

interface PlatformSource {
  readonly platform: Platform;
  readonly application: Layer;
  readonly source: ImageSource;
}

async function platformImage(layout: Layout, { platform, application, source }: PlatformSource) {
  const architecture = architectureOf(platform);
  const debian = await debianPackages(architecture, source.debian);
  const { bytes, ...node } = await nodeBinary(platform);
  const layers: readonly Layer[] = [
    await layer(baseFiles(debian), source.time, 'libraries of Debian'),
    await layer(
      [
        { path: 'nodejs/bin/node', content: bytes, mode: 0o755 },
        { path: 'nodejs/LICENSE', content: node.licence },
      ],
      source.time,
      `Node ${node.version}`,
    ),
    application,
  ];
  const diffs = layers.map(({ tar, comment }) => ({ digest: `sha256:${sha256(tar)}`, comment }));
  const config = await layout.addJson(imageConfig({ architecture, diffs, source }), mediaTypes.imageConfig);
  const added = [];
  for (const { gzip } of layers) added.push(await layout.addBlob(gzip, mediaTypes.imageLayer));
  const annotations = imageLabels(source);
  const manifest = { schemaVersion: 2, mediaType: mediaTypes.manifest, config, layers: added, annotations };
  const descriptor = await layout.addJson(manifest, mediaTypes.manifest);
  return { descriptor: { ...descriptor, platform: { os: 'linux', architecture } }, debian, node: { ...node, bytes } };
}

async function layer(files: readonly TarEntry[], time: Date, comment = 'Hallmark'): Promise<Layer> {
  return { ...(await tarball(files, time)), comment };
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
