// SPDX-License-Identifier: Apache-2.0
import type { KubeClient } from '../../src/kube/kube-client.ts';
import { releaseNamespace } from '../chart/helm.ts';
import { Installation } from '../harness/installation.ts';
import { OperatorProcess } from '../harness/operator-process.ts';
import type { Team } from '../harness/team.ts';
import { adminClient } from '../resilience/admin-client.ts';
import { managedRuns } from '../resilience/managed-runs.ts';
import type { CutProxy } from '../testbed/control-plane/cut-proxy.ts';
import { FaultProxy } from '../testbed/fault-proxy/fault-proxy.ts';
import { FakeGcs } from '../testbed/gcs/fake-gcs.ts';

export const BUCKET = 'soak';
/** The label by which the policy `archive` selects runs. */
export const ARCHIVE_LABEL = { 'soak.example.com/archive': 'true' } as const;

export interface SoakBedOptions {
  readonly teams: number;
  /** The retention of teams whose records retire by time. */
  readonly retentionSeconds: number;
}

/** The retention of a team's records. */
export type Retention = 'Keep' | 'Seconds' | 'WithRun';

export interface SoakTeam {
  readonly team: Team;
  readonly retention: Retention;
}

/** One replica of the operator, with a connection to the API server that can be cut. */
export interface Replica {
  readonly operator: OperatorProcess;
  readonly apiServer: CutProxy;
}

/**
 * Two replicas and many teams on real servers. Each team has two policies (`builds`: annotations and registry, `archive`: bucket),
 * three backends, and a retention of its own.
 */
export class SoakBed {
  readonly installation: Installation;
  readonly client: KubeClient;
  readonly teams: readonly SoakTeam[];
  readonly replicas: readonly Replica[];
  readonly registry: FaultProxy;
  readonly bucket: FaultProxy;
  readonly gcs: FakeGcs;

  private constructor(parts: Pick<SoakBed, 'installation' | 'teams' | 'replicas' | 'registry' | 'bucket' | 'gcs'>) {
    this.installation = parts.installation;
    this.client = adminClient(parts.installation.plane);
    this.teams = parts.teams;
    this.replicas = parts.replicas;
    this.registry = parts.registry;
    this.bucket = parts.bucket;
    this.gcs = parts.gcs;
  }

  static async start(options: SoakBedOptions): Promise<SoakBed> {
    const installation = await Installation.start({ label: 'soak', replicas: 0, registries: [{ referrers: true }] });
    const { supervisor } = installation.testbed;
    const registry = await FaultProxy.start({ target: `http://${installation.testbed.registry().host}` });
    const gcs = await FakeGcs.start(supervisor);
    await gcs.makeBucket(BUCKET);
    const bucket = await FaultProxy.start({ target: gcs.url });
    const teams: SoakTeam[] = [];
    for (let index = 0; index < options.teams; index += 1)
      teams.push(await makeTeam(installation, { index, bucket, seconds: options.retentionSeconds }));
    const replicas = [await startReplica(installation), await startReplica(installation)];
    return new SoakBed({ installation, teams, replicas, registry, bucket, gcs });
  }

  /** Starts every replica that ended, as a kubelet does. */
  revive(): void {
    for (const { operator } of this.replicas) if (operator.exit !== undefined) operator.restart();
  }

  /** Forgets the requests that the proxies keep, with their bodies. */
  forgetRequests(): void {
    this.registry.requests.length = 0;
    this.bucket.requests.length = 0;
  }

  async stop(): Promise<void> {
    await Promise.all(this.replicas.map(({ operator }) => operator.stop()));
    await Promise.all(this.replicas.map(({ apiServer }) => apiServer.stop()));
    await Promise.all([this.registry.stop(), this.bucket.stop()]);
    await this.installation.stop();
  }
}

const retentions = ['Keep', 'Seconds', 'WithRun', 'Keep'] as const;

async function makeTeam(
  installation: Installation,
  { index, bucket, seconds }: { readonly index: number; readonly bucket: FaultProxy; readonly seconds: number },
): Promise<SoakTeam> {
  const retention = retentions[index % retentions.length] ?? 'Keep';
  const record = retention === 'Seconds' ? { retention, seconds } : { retention };
  const name = `soak-${index}`;
  const team = await installation.team({ name, policy: { ...managedRuns, record } });
  const api = { apiVersion: 'hallmark.dev/v1alpha1' };
  await installation.apply(
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'google', namespace: name },
      stringData: { access_token: 'soak' },
    },
    {
      ...api,
      kind: 'StorageBackend',
      metadata: { name: 'bucket', namespace: name },
      spec: {
        type: 'GCS',
        artifacts: ['Attestation'],
        gcs: {
          bucket: BUCKET,
          apiEndpoint: bucket.url,
          authentication: { type: 'Secret', secretRef: { name: 'google' } },
          tls: { insecure: true },
        },
      },
    },
    {
      ...api,
      kind: 'SigningPolicy',
      metadata: { name: 'archive', namespace: name },
      spec: {
        ...managedRuns,
        selector: { matchLabels: ARCHIVE_LABEL },
        attestation: { format: 'slsa/v1' },
        imageSignatures: { formats: [] },
        signer: { type: 'Key', key: { secretRef: { name: 'signing-secrets' } } },
        backendRefs: [{ kind: 'StorageBackend', name: 'bucket' }],
        record,
      },
    },
  );
  return { team, retention };
}

async function startReplica(installation: Installation): Promise<Replica> {
  const { plane } = installation;
  const apiServer = await plane.cutProxy();
  const token = ['create', 'token', 'hallmark', '-n', releaseNamespace, '--duration=24h'];
  const kubeconfig = plane.kubeconfigVia(apiServer, (await installation.kubectl(token)).stdout.trim());
  const operator = await OperatorProcess.start(installation, {
    kubeconfig,
    configuration: {
      outbound: { allow: ['127.0.0.0/8'] },
      retry: { minSeconds: 1, maxSeconds: 10 },
      // The chart's defaults: fail-overs are what a soak is for.
      leaderElection: { leaseDurationSeconds: 15, renewDeadlineSeconds: 10, retryPeriodSeconds: 2 },
    },
  });
  return { operator, apiServer };
}
