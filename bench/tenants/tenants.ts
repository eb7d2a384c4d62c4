// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeClient } from '../../src/kube/kube-client.ts';
import type { Installation } from '../../e2e/harness/installation.ts';
import { newSigningKey } from '../../e2e/harness/signing-key.ts';
import { KEY_SECRET } from '../../e2e/harness/team.ts';
import { adminClient } from '../../e2e/resilience/admin-client.ts';
import { ManagedRuns, managedRuns, type RunningTeam } from '../../e2e/resilience/managed-runs.ts';
import { FakeGcs } from '../../e2e/testbed/gcs/fake-gcs.ts';
import { makeAll } from '../make-all.ts';
import { STEP_SCRIPT } from '../measured-processes.ts';
import type { FinishedTenantRun } from './stored-times.ts';

const BUCKET = 'tenants';
const RELEASE = { 'example.com/release': 'true' } as const;
/** Every fourth run has a second record. */
const ARCHIVED = { 'example.com/archive': 'true' } as const;
const ARCHIVED_EACH = 4;
/** `kubectl apply` takes so many tenants at once. */
const CHUNK = 25;

/**
 * Namespaces with a key, three backends (annotations, registry, bucket) and two policies each: `builds` takes every run, `archive`
 * every fourth.
 */
export class Tenants {
  readonly #client: KubeClient;
  readonly #teams: readonly RunningTeam[];
  #made = 0;

  private constructor(client: KubeClient, teams: readonly RunningTeam[]) {
    this.#client = client;
    this.#teams = teams;
  }

  static async start(installation: Installation, count: number): Promise<Tenants> {
    const gcs = await FakeGcs.start(installation.testbed.supervisor);
    await gcs.makeBucket(BUCKET);
    const registry = installation.testbed.registry();
    const teams = Array.from({ length: count }, (_, index) => ({
      ...{ name: `tenant-${index}`, releaseLabel: RELEASE, registry },
    }));
    for (let index = 0; index < teams.length; index += CHUNK) {
      const chunk = teams.slice(index, index + CHUNK);
      await installation.apply(...chunk.flatMap(({ name }) => manifests(name, gcs.url)));
    }
    const last = teams.at(-1)?.name ?? '';
    await installation.wait(last, 'serviceaccount/builder', 'create');
    return new Tenants(adminClient(installation.plane), teams);
  }

  get count(): number {
    return this.#teams.length;
  }

  /** Makes so many finished runs, as fast as the API server takes them, spread over all namespaces. */
  async finish(count: number, onFinished: (run: FinishedTenantRun) => void): Promise<void> {
    const first = this.#made;
    this.#made += count;
    await makeAll(count, async (index) => {
      onFinished(await this.#build(first + index));
    });
  }

  /** Makes so many finished runs at a rate, whatever becomes of them. */
  async finishAt(runsPerSecond: number, count: number, onFinished: (run: FinishedTenantRun) => void): Promise<void> {
    const first = this.#made;
    this.#made += count;
    const beganMs = performance.now();
    const building: Promise<void>[] = [];
    for (let index = 0; index < count; index += 1) {
      await sleep(Math.max(0, beganMs + (1000 * index) / runsPerSecond - performance.now()));
      building.push(this.#build(first + index).then(onFinished));
    }
    await Promise.all(building);
  }

  async #build(index: number): Promise<FinishedTenantRun> {
    const team = this.#teams[index % this.#teams.length];
    if (team === undefined) throw new Error('there are no tenants');
    const isArchived = Math.floor(index / this.#teams.length) % ARCHIVED_EACH === 0;
    const taskSpec = { steps: [{ name: 'bake', image: 'registry.example.com/oven:1', script: STEP_SCRIPT }] };
    const options = { name: `run-${index}`, labels: isArchived ? ARCHIVED : {}, spec: { taskSpec } };
    const { uid } = await new ManagedRuns(this.#client, team).build(options);
    return { uid, namespace: team.name, records: isArchived ? 2 : 1 };
  }
}

function manifests(namespace: string, bucketURL: string): readonly object[] {
  const metadata = (name: string): object => ({ name, namespace });
  const secret = (name: string, stringData: object): object => ({
    ...{ apiVersion: 'v1', kind: 'Secret', metadata: metadata(name), stringData },
  });
  const ours = (kind: string, name: string, spec: object): object => ({
    ...{ apiVersion: 'hallmark.dev/v1alpha1', kind, metadata: metadata(name), spec },
  });
  const policy = (name: string, label: object, spec: object): object =>
    ours('SigningPolicy', name, {
      ...managedRuns,
      selector: { matchLabels: label },
      signer: { type: 'Key', key: { secretRef: { name: KEY_SECRET } } },
      ...spec,
    });
  const refs = (...names: readonly string[]): object => ({
    backendRefs: names.map((name) => ({ kind: 'StorageBackend', name })),
  });
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: metadata('builder') },
    secret(KEY_SECRET, { 'x509.pem': newSigningKey().privateKey }),
    secret('google', { access_token: 'bench' }),
    ours('StorageBackend', 'tekton', { type: 'Tekton' }),
    ours('StorageBackend', 'registry', {
      type: 'OCI',
      oci: { encoding: 'CosignTags', authentication: { type: 'RunServiceAccount' } },
    }),
    ours('StorageBackend', 'bucket', {
      type: 'GCS',
      artifacts: ['Attestation'],
      gcs: {
        bucket: BUCKET,
        apiEndpoint: bucketURL,
        authentication: { type: 'Secret', secretRef: { name: 'google' } },
        tls: { insecure: true },
      },
    }),
    policy('builds', RELEASE, refs('tekton', 'registry')),
    policy('archive', ARCHIVED, {
      attestation: { format: 'slsa/v1' },
      imageSignatures: { formats: [] },
      ...refs('bucket'),
    }),
  ];
}
