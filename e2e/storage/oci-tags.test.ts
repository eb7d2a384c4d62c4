// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { SignedArtifact } from '../../src/evidence/artifact.ts';
import type { KeySigner } from '../../src/signing/key/key-signer.ts';
import { describeStorageDriver } from '../../src/storage/contract/driver.contract.ts';
import { cosignLayer } from '../../src/storage/oci/cosign-tags/cosign-layer.ts';
import { MAX_LAYERS, parseCosignManifest } from '../../src/storage/oci/cosign-tags/cosign-manifest.ts';
import type { CosignManifest } from '../../src/storage/oci/cosign-tags/cosign-manifest.ts';
import { reasonOf } from '../../src/storage/reason-of.fixture.ts';
import { Registry } from '../testbed/registry/registry.ts';
import type { RegistryOptions } from '../testbed/registry/registry.ts';
import { laterSubject, newSigner, ociDriver, ociSubject } from './oci-bed.ts';
import { runTarget, signedImageStatement, signedStatement } from './signed-evidence.ts';
import { StorageBed } from './storage-bed.ts';

const never = new AbortController().signal;
const auth = { username: 'builder', password: 'planted-secret' };
const kinds: Readonly<Record<string, RegistryOptions>> = {
  'a registry with the referrers API and Basic authentication': { referrers: true, auth },
  'a registry without the referrers API, with tokens': { referrers: false, auth, token: true },
};

let bed: StorageBed;
let signer: KeySigner;
let namespace: string;

before(async () => {
  bed = await StorageBed.start('oci-tags');
  namespace = await bed.namespace();
  signer = await newSigner();
});
after(() => bed.stop());

async function layersOf(registry: Registry, tag: string): Promise<CosignManifest['layers']> {
  const response = await registry.client().send(`/v2/team/app/manifests/${tag}`);
  return response.status === 404 ? [] : (parseCosignManifest(response.body)?.layers ?? []);
}

function tagOf({ type }: SignedArtifact, sha256: string): string {
  return `sha256-${sha256}.${type === 'Attestation' ? 'att' : 'sig'}`;
}

describe('OCI storage in cosign tags', () => {
  for (const [title, options] of Object.entries(kinds)) {
    describe(`on ${title}`, () => {
      let registry: Registry;
      let subject: Awaited<ReturnType<typeof ociSubject>>;
      const account = options.referrers ? 'basic' : 'token';

      before(async () => {
        registry = await Registry.start(bed.supervisor, options);
        const setting = { bed, namespace, registry, signer, account, encoding: 'CosignTags' } as const;
        subject = await ociSubject(setting, async (sha256, artifact) => {
          const layers = await layersOf(registry, tagOf(artifact, sha256));
          const wanted = cosignLayer(artifact).descriptor.digest;
          return { copies: layers.filter(({ digest }) => digest === wanted).length, text: JSON.stringify(layers) };
        });
      });
      after(async () => {
        await subject.stop();
        await registry.stop();
      });

      describeStorageDriver(
        'it',
        laterSubject('CosignTags', () => subject),
      );
    });
  }

  it('has no place for a statement about an image, and says what to change', async () => {
    const registry = await Registry.start(bed.supervisor, { referrers: true });
    const statement = await signedImageStatement(signer, `${registry.host}/team/app`, 'a'.repeat(64));
    const driver = ociDriver(bed, namespace, { encoding: 'CosignTags' });
    const rejected = driver.put(statement, runTarget(namespace), never);
    assert.equal(await reasonOf(rejected, /imageSignatures\.formats SimpleSigning/), 'BackendRejected');
    await registry.stop();
  });

  it('adds nothing to a tag that holds as many layers as cosign reads, and finds what is there already', async () => {
    const registry = await Registry.start(bed.supervisor, { referrers: true });
    const { digest } = await registry.pushImage('team/app');
    const sha256 = digest.slice('sha256:'.length);
    const subjects = [{ name: `${registry.host}/team/app`, digest: { sha256 } }];
    const driver = ociDriver(bed, namespace, { encoding: 'CosignTags' });
    const first = await signedStatement(signer, subjects, 'first');
    const locations = await driver.put(first, runTarget(namespace), never);
    const path = `/v2/team/app/manifests/sha256-${sha256}.att`;
    const manifest = parseCosignManifest((await registry.client().send(path)).body);
    assert.ok(manifest !== undefined);
    const [layer] = manifest.layers;
    assert.ok(layer !== undefined);
    const layers = [layer, ...Array.from({ length: MAX_LAYERS }, () => ({ ...layer, digest: manifest.config.digest }))];
    const headers = { 'content-type': 'application/vnd.oci.image.manifest.v1+json' };
    const body = JSON.stringify({ ...manifest, layers });
    assert.equal((await registry.client().send(path, { method: 'PUT', headers, body })).status, 201);
    assert.deepEqual(await driver.put(first, runTarget(namespace), never), locations);
    const second = await signedStatement(signer, subjects, 'second');
    const rejected = driver.put(second, runTarget(namespace), never);
    assert.equal(await reasonOf(rejected, /holds 1000 layers/), 'BackendRejected');
    assert.equal((await layersOf(registry, `sha256-${sha256}.att`)).length, MAX_LAYERS + 1);
    await registry.stop();
  });
});
