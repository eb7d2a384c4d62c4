// SPDX-License-Identifier: Apache-2.0
import { createHash, randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { RegistryClient, type RegistryAddress } from './registry-client.ts';

export interface PushedImage {
  /** `sha256:…` of the manifest. */
  readonly digest: string;
  /** `host/repository@sha256:…`. */
  readonly reference: string;
}

const manifestType = 'application/vnd.oci.image.manifest.v1+json';

/** Pushes a small image with random content, so that each has a digest of its own, and tags it. */
export async function pushImage(address: RegistryAddress, repository: string, tag = 'latest'): Promise<PushedImage> {
  const client = new RegistryClient(address);
  const content = randomBytes(64);
  const layer = gzipSync(content);
  const config = Buffer.from(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      config: {},
      rootfs: { type: 'layers', diff_ids: [sha256(content)] },
    }),
  );
  for (const blob of [layer, config]) await pushBlob(client, repository, blob);
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    config: descriptor('application/vnd.oci.image.config.v1+json', config),
    layers: [descriptor('application/vnd.oci.image.layer.v1.tar+gzip', layer)],
  });
  const put = { method: 'PUT', headers: { 'content-type': manifestType }, body: manifest };
  await expectStatus(client, `/v2/${repository}/manifests/${tag}`, put, 201);
  const digest = sha256(Buffer.from(manifest));
  return { digest, reference: `${address.host}/${repository}@${digest}` };
}

/** Uploads one blob into a repository. */
export async function pushBlob(client: RegistryClient, repository: string, blob: Buffer): Promise<void> {
  const opened = await expectStatus(client, `/v2/${repository}/blobs/uploads/`, { method: 'POST' }, 202);
  const { location } = opened.headers;
  if (typeof location !== 'string') throw new Error('the registry opened an upload without a Location');
  const upload = new URL(location, 'http://registry.invalid');
  upload.searchParams.set('digest', sha256(blob));
  const path = location.startsWith('http') ? upload.href : upload.pathname + upload.search;
  const headers = { 'content-type': 'application/octet-stream' };
  await expectStatus(client, path, { method: 'PUT', headers, body: blob }, 201);
}

/** A request that must end with this status. */
export async function expectStatus(
  client: RegistryClient,
  path: string,
  request: Parameters<RegistryClient['send']>[1],
  status: number,
): ReturnType<RegistryClient['send']> {
  const response = await client.send(path, request);
  if (response.status === status) return response;
  throw new Error(`${request?.method ?? 'GET'} ${path} gave ${response.status}: ${response.body.toString('utf8')}`);
}

function descriptor(mediaType: string, blob: Buffer): { mediaType: string; digest: string; size: number } {
  return { mediaType, digest: sha256(blob), size: blob.length };
}

function sha256(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
