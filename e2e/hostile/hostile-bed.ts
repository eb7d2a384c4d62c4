// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import type { ProvenanceRecord } from '../../src/api/v1alpha1/provenance-record/schema.ts';
import { hallmarkResource } from '../../src/kube/hallmark-resource.ts';
import type { KubeClient } from '../../src/kube/kube-client.ts';
import { asManifest, listAt } from '../chart/helm.ts';
import { IMAGE_ENVIRONMENT, IMAGE_FLAGS } from '../harness/image-settings.ts';
import { Installation } from '../harness/installation.ts';
import { OperatorProcess } from '../harness/operator-process.ts';
import { conditionOf, parseRecord } from '../harness/record.ts';
import type { Build, Team } from '../harness/team.ts';
import { adminClient, clientOf } from '../resilience/admin-client.ts';
import { ManagedRuns, managedRuns } from '../resilience/managed-runs.ts';
import { processUsage } from '../resilience/process-usage.ts';
import { ordinaryUser } from './ordinary-user.ts';

export interface HostileBedOptions {
  readonly label: string;
  /** Values of the chart: `path=json`. */
  readonly values?: readonly string[];
  /** Names of the sample backends; both by default. */
  readonly backends?: readonly string[];
  /** Hosts that the operator may reach in addition to the testbed's registries. */
  readonly outbound?: readonly string[];
  /** Flags of the operator's node. */
  readonly nodeArgs?: readonly string[];
  /** `Kinds`: without Tekton, which works on a PipelineRun of another manager as soon as one of its TaskRuns changes. */
  readonly tekton?: 'Kinds';
  /** Acts as a user of this name, which is subject to the API server's priority and fairness; as the administrator by default. */
  readonly user?: string;
}

/** The memory limit of the operator's container in the chart. */
const MEMORY_LIMIT_BYTES = 512 * 1024 * 1024;
/** So that tests need not wait for the back-off of production. */
const retry = { minSeconds: 1, maxSeconds: 2 };
/** So that an API server that a busy machine holds up for some seconds does not end the one operator there is. */
const leaderElection = { leaseDurationSeconds: 120, renewDeadlineSeconds: 100 };

type RunName = Pick<Build, 'name' | 'uid'>;

/** One operator process and one team whose runs, Secrets and registries mean harm, without Tekton's own checks in between. */
export class HostileBed {
  readonly installation: Installation;
  readonly client: KubeClient;
  readonly operator: OperatorProcess;
  readonly team: Team;
  readonly runs: ManagedRuns;
  #goodRuns = 0;

  private constructor(parts: Pick<HostileBed, 'installation' | 'client' | 'operator' | 'team' | 'runs'>) {
    this.installation = parts.installation;
    this.client = parts.client;
    this.operator = parts.operator;
    this.team = parts.team;
    this.runs = parts.runs;
  }

  static async start({
    label,
    values = [],
    backends,
    outbound = [],
    nodeArgs = [],
    tekton,
    user,
  }: HostileBedOptions): Promise<HostileBed> {
    const installation = await Installation.start({
      ...{ label, replicas: 0, values },
      ...(tekton === undefined ? {} : { tekton }),
    });
    // Tekton's webhook would refuse some of it; the operator must not rely on that.
    if (tekton === undefined) {
      await installation.delete('', 'validatingwebhookconfiguration/validation.webhook.pipeline.tekton.dev');
      await installation.delete('', 'mutatingwebhookconfiguration/webhook.pipeline.tekton.dev');
    }
    // Nor on the schema of Tekton's CRDs, which older releases do not have.
    const crd = await installation.json(['get', 'crd', 'taskruns.tekton.dev']);
    const openAPIV3Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
    const versions = listAt(crd, 'spec', 'versions').map((version) => ({
      ...asManifest(version),
      schema: { openAPIV3Schema },
    }));
    await installation.patch('', 'crd/taskruns.tekton.dev', { spec: { versions } });
    const { plane } = installation;
    const client = user === undefined ? adminClient(plane) : clientOf(await ordinaryUser(installation, user));
    const allow = [...installation.testbed.registries.map(({ host }) => host), ...outbound];
    const operator = await OperatorProcess.start(installation, {
      // The memory of the container is for a heap that is bounded as in the image.
      nodeArgs: [...IMAGE_FLAGS, ...nodeArgs],
      env: IMAGE_ENVIRONMENT,
      configuration: { retry, leaderElection, outbound: { allow } },
    });
    const policy = { ...managedRuns };
    const team = await installation.team({ name: 'team-h', policy, ...(backends === undefined ? {} : { backends }) });
    const runs = new ManagedRuns(client, team);
    await operator.untilWorking();
    await team.untilReady();
    return new HostileBed({ installation, client, operator, team, runs });
  }

  async stop(): Promise<void> {
    if (this.operator.exit === undefined) await this.operator.stop();
    await this.installation.stop();
  }

  /** The record of a run; undefined when there is none. */
  async record(run: RunName, team = this.team, policy = 'builds'): Promise<ProvenanceRecord | undefined> {
    const name = { namespace: team.name, name: team.recordName(run, policy) };
    const signal = AbortSignal.timeout(30_000);
    const found = await this.client.find(hallmarkResource('ProvenanceRecord'), name, { signal });
    return found === undefined ? undefined : parseRecord(found);
  }

  /** Waits until the run's record is as the predicate says. */
  recordWhen(
    what: string,
    run: RunName,
    isSo: (record: ProvenanceRecord) => boolean,
    team = this.team,
  ): Promise<ProvenanceRecord> {
    return team.recordThat(run, what, isSo);
  }

  /** Waits until the run's record is Ready. */
  readyRecord(run: RunName, team = this.team): Promise<ProvenanceRecord> {
    return this.recordWhen('is Ready', run, (record) => conditionOf(record)?.status === 'True', team);
  }

  /** Waits until the run's record is not Ready for this reason. */
  recordWithReason(run: RunName, reason: string, team = this.team): Promise<ProvenanceRecord> {
    const isSo = (record: ProvenanceRecord): boolean =>
      conditionOf(record)?.status === 'False' && record.status?.reason === reason;
    return this.recordWhen(`has the reason ${reason}`, run, isSo, team);
  }

  /** Another run of the same namespace is signed and stored, by the same process, within its memory. */
  async assertUnharmed(team = this.team): Promise<void> {
    this.#goodRuns += 1;
    const runs = team === this.team ? this.runs : new ManagedRuns(this.client, team);
    const good = await runs.build({ name: `good-${this.#goodRuns}` });
    const record = await this.readyRecord(good, team);
    assert.equal(record.status?.reason, 'Stored');
    assert.equal(this.operator.exit, undefined, 'the operator lives');
    const { peakResidentBytes } = processUsage(this.operator.pid);
    assert.ok(peakResidentBytes < MEMORY_LIMIT_BYTES, `its memory stays within the chart: ${peakResidentBytes} bytes`);
  }
}
