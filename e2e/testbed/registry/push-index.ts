// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { pushImage, type PushedImage } from './push-image.ts';
import { RegistryClient, type RegistryAddress } from './registry-client.ts';

export interface PushedIndex extends PushedImage {
  /** One image for each platform. */
  readonly children: readonly PushedImage[];
  /** A manifest for no platform, which BuildKit adds to them. */
  readonly attestation: PushedImage;
}

const INDEX_TYPE = 'application/vnd.oci.image.index.v1+json';
const platforms = [
  { os: 'linux', architecture: 'amd64' },
  { os: 'linux', architecture: 'arm64' },
] as const;

/** Pushes an index of two images, laid out as BuildKit does, and tags it. */
export async function pushIndex(address: RegistryAddress, repository: string, tag: string): Promise<PushedIndex> {
  const client = new RegistryClient(address);
  const children: PushedImage[] = [];
  const manifests: object[] = [];
  const attestation = await pushImage(address, repository, `${tag}-attestation`);
  const list = async ({ digest }: PushedImage, platform: object): Promise<void> => {
    const { headers, body } = await client.send(`/v2/${repository}/manifests/${digest}`);
    manifests.push({ mediaType: String(headers['content-type']), digest, size: body.length, platform });
  };
  for (const platform of platforms) {
    const image = await pushImage(address, repository, `${tag}-${platform.architecture}`);
    children.push(image);
    await list(image, platform);
  }
  await list(attestation, { os: 'unknown', architecture: 'unknown' });
  const body = JSON.stringify({ schemaVersion: 2, mediaType: INDEX_TYPE, manifests });
  const put = { method: 'PUT', headers: { 'content-type': INDEX_TYPE }, body };
  const response = await client.send(`/v2/${repository}/manifests/${tag}`, put);
  if (response.status !== 201) throw new Error(`pushing the index ${repository}:${tag} gave ${response.status}`);
  const digest = `sha256:${createHash('sha256').update(body).digest('hex')}`;
  return { digest, reference: `${address.host}/${repository}@${digest}`, children, attestation };
}
