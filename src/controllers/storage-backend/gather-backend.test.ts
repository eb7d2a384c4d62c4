// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { kstatus, type KStatus } from '../../api/v1alpha1/kstatus.fixture.ts';
import { CredentialError } from '../../credentials/credential-error.ts';
import { EgressClient } from '../../net/egress-client.ts';
import type { BackendKey } from '../../pipelines/backend-key.ts';
import { readBackend } from '../../pipelines/read-backend.ts';
import { Pipelines } from '../../pipelines/pipelines.ts';
import { ManualClock } from '../../runtime/manual-clock.fixture.ts';
import { BackendHealth } from '../memory/backend-health.ts';
import { GracePeriods } from '../memory/grace-periods.ts';
import { DriverPool } from '../policy-services/driver-pool.ts';
import { gatherBackend } from './gather-backend.ts';
import { planBackend } from './plan-backend.ts';

const operatorNamespace = 'hallmark-system';
const { signal } = new AbortController();
const dockerConfig = { '.dockerconfigjson': Buffer.from('{"auths": {"registry.example.com": {"auth": "YTpi"}}}') };

/** One backend with the real driver of registries, whose Secret may be missing. */
class Bed {
  readonly clock = new ManualClock();
  hasSecret = false;
  status: unknown;
  #graces = new GracePeriods<BackendKey>(this.clock);
  readonly #context;

  constructor() {
    const { clock } = this;
    const typed = { type: 'kubernetes.io/dockerconfigjson', data: dockerConfig, annotations: {} };
    const access = {
      objects: {
        getSecret: () => Promise.resolve(this.hasSecret ? dockerConfig : undefined),
        getTypedSecret: () => Promise.resolve(this.hasSecret ? typed : undefined),
        getConfigMap: () => Promise.resolve(undefined),
        getServiceAccount: () => Promise.resolve(undefined),
      },
      tokens: { token: () => Promise.reject(new CredentialError('Forbidden', 'no tokens here')) },
      egress: new EgressClient({ allow: [] }),
      clock,
    };
    const annotator = { annotateRun: () => assert.fail('a probe'), readAnnotations: () => assert.fail('a probe') };
    const drivers = new DriverPool({ ...access, annotator });
    this.#context = { clock, drivers, health: new BackendHealth(), pipelines: new Pipelines(operatorNamespace) };
  }

  /** Restarts the operator, which loses its memory. */
  restart(): void {
    this.#graces = new GracePeriods(this.clock);
  }

  /** Backends that the last probe found not ready. */
  addDown(namespace: string, count: number): void {
    const { pipelines, health } = this.#context;
    for (let index = 0; index < count; index += 1) {
      const metadata = { namespace, name: `down-${index}`, uid: `${index}`, resourceVersion: '1', generation: 1 };
      const times = { creationTimestamp: '2025-01-01T00:00:00Z' };
      const object = { ...{ apiVersion: 'hallmark.dev/v1alpha1', kind: 'StorageBackend' }, spec: withSecret('push') };
      const read = readBackend({ ...object, metadata: { ...metadata, ...times } }, operatorNamespace);
      assert.ok(read.ok);
      pipelines.setBackend(read.backend);
      health.note(read.backend, { reason: 'BackendUnavailable', message: 'connection refused' });
    }
  }

  /** Probes once, and returns the kstatus of the backend. */
  async look(spec: object, generation = 1): Promise<KStatus> {
    const metadata = { namespace: 'team-a', name: 'registry', uid: 'u', resourceVersion: '1', generation };
    const times = { creationTimestamp: '2025-01-01T00:00:00Z' };
    const object = {
      apiVersion: 'hallmark.dev/v1alpha1',
      kind: 'StorageBackend',
      metadata: { ...metadata, ...times },
      spec,
      status: this.status,
    };
    const snapshot = await gatherBackend(this.#context, this.#graces, { object, operatorNamespace }, signal);
    const { status, nextProbeSeconds } = planBackend(snapshot, { spread: 0 });
    this.status = status;
    this.nextProbeSeconds = nextProbeSeconds;
    return kstatus({ metadata: { generation }, status });
  }

  nextProbeSeconds = 0;
}

const withSecret = (name: string): object => ({
  type: 'OCI',
  oci: { encoding: 'CosignTags', authentication: { type: 'Secret', secretRef: { name } } },
});

describe('gatherBackend', () => {
  it('reconciles for a minute while its Secret is missing, then is stalled, and is current when it appears', async () => {
    const bed = new Bed();
    const spec = withSecret('push');
    assert.equal(await bed.look(spec), 'InProgress');
    await bed.clock.advance(59_000);
    assert.equal(await bed.look(spec), 'InProgress');
    assert.ok(bed.nextProbeSeconds <= 1, `the end of the grace is not waited for: ${bed.nextProbeSeconds}`);
    await bed.clock.advance(1000);
    assert.equal(await bed.look(spec), 'Failed');
    bed.restart();
    assert.equal(await bed.look(spec), 'Failed', 'a restart gives no second grace');
    assert.equal(await bed.look(withSecret('other'), 2), 'InProgress', 'an edit names another Secret');
    bed.hasSecret = true;
    assert.equal(await bed.look(withSecret('other'), 2), 'Current');
    bed.hasSecret = false;
    assert.equal(await bed.look(withSecret('other'), 2), 'InProgress', 'the Secret may come back');
  });

  it('is probed more rarely where many of its namespace are down, and no more rarely for those of another', async () => {
    const bed = new Bed();
    await bed.look(withSecret('push'));
    await bed.clock.advance(60_000);
    bed.addDown('team-b', 199);
    await bed.look(withSecret('push'));
    assert.equal(bed.nextProbeSeconds, 20);
    bed.addDown('team-a', 199);
    await bed.look(withSecret('push'));
    assert.equal(bed.nextProbeSeconds, 200);
  });

  it('is stalled at once by what only an edit ends', async () => {
    const bed = new Bed();
    assert.equal(
      await bed.look({ type: 'OCI', oci: { encoding: 'CosignTags', repository: 'not a repository' } }),
      'Failed',
    );
    assert.equal(await bed.look({ type: 'Nowhere' }, 2), 'Failed');
  });
});
