// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import type { SignedArtifact } from '../../src/evidence/artifact.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import { ManualClock } from '../../src/runtime/manual-clock.fixture.ts';
import type { KeySigner } from '../../src/signing/key/key-signer.ts';
import type { StorageDriver } from '../../src/storage/driver.ts';
import { StorageError } from '../../src/storage/storage-error.ts';
import { FaultProxy } from '../testbed/fault-proxy/fault-proxy.ts';
import type { ProxiedRequest } from '../testbed/fault-proxy/fault.ts';
import { Registry } from '../testbed/registry/registry.ts';
import { newSigner, ociDriver } from './oci-bed.ts';
import { bundlesOf } from './referrers.ts';
import { runTarget, signedStatement } from './signed-evidence.ts';
import { StorageBed } from './storage-bed.ts';

const never = new AbortController().signal;

describe('OCI storage in bundles, on several registries that misbehave', () => {
  let bed: StorageBed;
  let namespace: string;
  let signer: KeySigner;
  let registries: readonly [Registry, Registry];
  let proxy: FaultProxy;

  before(async () => {
    bed = await StorageBed.start('oci-patience');
    namespace = await bed.namespace();
    signer = await newSigner();
    registries = [
      await Registry.start(bed.supervisor, { referrers: false }),
      await Registry.start(bed.supervisor, { referrers: true }),
    ];
    proxy = await FaultProxy.start({ target: `http://${registries[0].host}` });
  });
  afterEach(() => {
    proxy.heal();
    proxy.requests.length = 0;
  });
  after(async () => {
    await proxy.stop();
    await bed.stop();
  });

  /** A statement about one image in each of the two registries, the first of which is reached through the proxy. */
  async function statement(): Promise<{ artifact: SignedArtifact; digests: readonly [string, string] }> {
    const pushed = [await registries[0].pushImage('team/app'), await registries[1].pushImage('team/app')] as const;
    const digests = [pushed[0].digest.slice(7), pushed[1].digest.slice(7)] as const;
    const hosts = [proxy.host, registries[1].host];
    const subjects = digests.map((sha256, index) => ({
      name: `${hosts[index] ?? ''}/team/app`,
      digest: { sha256 },
    }));
    return { artifact: await signedStatement(signer, subjects), digests };
  }

  function driver(clock?: Clock): StorageDriver {
    const setting = { encoding: 'SigstoreBundle', authentication: { type: 'Anonymous' } } as const;
    return ociDriver(bed, namespace, clock === undefined ? setting : { ...setting, clock });
  }

  /** A put in vain: how it failed. */
  async function failed(through: StorageDriver, artifact: SignedArtifact): Promise<StorageError> {
    const error: unknown = await through.put(artifact, runTarget(namespace), never).catch((reason: unknown) => reason);
    assert.ok(error instanceof StorageError);
    assert.equal(error.reason, 'BackendUnavailable');
    return error;
  }

  it('stores in each registry that a run names', async () => {
    const { artifact, digests } = await statement();
    const locations = await driver().put(artifact, runTarget(namespace), never);
    assert.equal(locations.length, 2);
    for (const [index, registry] of registries.entries()) {
      assert.equal((await bundlesOf(registry, 'team/app', digests[index] ?? '')).length, 1);
    }
  });

  it('leaves one that is down alone after a single try, and stores in the other meanwhile', async () => {
    const clock = new ManualClock();
    const through = driver(clock);
    proxy.fail({ type: 'Reset' });
    for (let round = 0; round < 20; round += 1) {
      const { artifact, digests } = await statement();
      await failed(through, artifact);
      assert.equal((await bundlesOf(registries[1], 'team/app', digests[1])).length, 1);
    }
    assert.equal(proxy.requests.length, 1);
    await clock.advance(2000);
    const { artifact } = await statement();
    for (const asked of [2, 2]) {
      await failed(through, artifact);
      assert.equal(proxy.requests.length, asked);
    }
  });

  it('waits as long as one asks for', async () => {
    const clock = new ManualClock();
    const through = driver(clock);
    proxy.fail({ type: 'Status', status: 429, headers: { 'retry-after': '17' } });
    const { artifact } = await statement();
    assert.equal((await failed(through, artifact)).retryAfterSeconds, 17);
    await clock.advance(5000);
    assert.equal((await failed(through, artifact)).retryAfterSeconds, 12);
    assert.equal(proxy.requests.length, 1);
  });

  it('loses no referrer when another writer replaces the fallback index at the same moment', async () => {
    const { artifact, digests } = await statement();
    const isIndexWrite = ({ method, path }: ProxiedRequest): boolean =>
      method === 'PUT' && path.endsWith(`/manifests/sha256-${digests[0]}`);
    const index = { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests: [] };
    // The other's write lands just after ours, in its place.
    proxy.fail(
      { type: 'Rewrite', rewrite: (answer) => answer },
      {
        times: 1,
        when: (request) => {
          if (!isIndexWrite(request)) return false;
          request.body.fill(' ');
          const text = JSON.stringify(index);
          request.body.write(text, 0);
          return true;
        },
      },
    );
    await driver().put(artifact, runTarget(namespace), never);
    assert.equal(proxy.requests.filter(isIndexWrite).length, 2);
    assert.equal((await bundlesOf(registries[0], 'team/app', digests[0])).length, 1);
  });

  it('reads again when a registry minds that the index has changed', async () => {
    const { artifact, digests } = await statement();
    const isIndexWrite = ({ method, path }: ProxiedRequest): boolean =>
      method === 'PUT' && path.endsWith(`/manifests/sha256-${digests[0]}`);
    proxy.fail({ type: 'Status', status: 412 }, { times: 1, when: isIndexWrite });
    await driver().put(artifact, runTarget(namespace), never);
    assert.equal((await bundlesOf(registries[0], 'team/app', digests[0])).length, 1);
  });
});
