// SPDX-License-Identifier: Apache-2.0
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import type { Registry } from '../testbed/registry/registry.ts';

const Index = Compile(Type.Object({ manifests: Type.Array(Type.Object({ digest: Type.String() })) }));
const Manifest = Compile(Type.Object({ layers: Type.Array(Type.Object({ digest: Type.String() })) }));

export interface FoundBundle {
  readonly digest: string;
  readonly manifest: unknown;
  /** Digest of the bundle itself. */
  readonly bundle: string;
}

/** Digests of the manifests that refer to an image: from the registry's own list, or from the fallback tag. */
export async function listedReferrers(registry: Registry, path: string, sha256: string): Promise<readonly string[]> {
  const client = registry.client();
  const own = await client.send(`/v2/${path}/referrers/sha256:${sha256}`);
  const list = own.status === 200 ? own : await client.send(`/v2/${path}/manifests/sha256-${sha256}`);
  if (list.status === 404) return [];
  return Index.Parse(JSON.parse(list.body.toString())).manifests.map(({ digest }) => digest);
}

/** The bundles of an image, in the order of their digests. */
export async function bundlesOf(registry: Registry, path: string, sha256: string): Promise<readonly FoundBundle[]> {
  const found: FoundBundle[] = [];
  for (const digest of [...(await listedReferrers(registry, path, sha256))].sort()) {
    const { body } = await registry.client().send(`/v2/${path}/manifests/${digest}`);
    const manifest: unknown = JSON.parse(body.toString());
    found.push({ digest, manifest, bundle: Manifest.Parse(manifest).layers[0]?.digest ?? '' });
  }
  return found;
}
