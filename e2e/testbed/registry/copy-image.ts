// SPDX-License-Identifier: Apache-2.0
import { expectStatus, pushBlob } from './push-image.ts';
import { RegistryClient, type RegistryAddress } from './registry-client.ts';

export interface CopyOptions {
  /** The repositories, in the same registry. */
  readonly from: string;
  readonly to: string;
  readonly tag: string;
}

/** Copies a tagged image of `pushImage` to another repository, with the digest that it has. */
export async function copyImage(address: RegistryAddress, { from, to, tag }: CopyOptions): Promise<void> {
  const client = new RegistryClient(address);
  const manifest = await expectStatus(client, `/v2/${from}/manifests/${tag}`, {}, 200);
  const text = manifest.body.toString('utf8');
  for (const [, digest = ''] of text.matchAll(/"digest":"(sha256:[0-9a-f]{64})"/g)) {
    const blob = await expectStatus(client, `/v2/${from}/blobs/${digest}`, {}, 200);
    await pushBlob(client, to, blob.body);
  }
  const headers = { 'content-type': 'application/vnd.oci.image.manifest.v1+json' };
  await expectStatus(client, `/v2/${to}/manifests/${tag}`, { method: 'PUT', headers, body: manifest.body }, 201);
}
