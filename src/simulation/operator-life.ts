// SPDX-License-Identifier: Apache-2.0
import { type OperatorConfiguration, parseOperatorConfiguration } from '../config/operator-configuration.ts';
import { startingHost } from '../controllers/fixtures/starting-host.fixture.ts';
import { silentObserver } from '../controllers/fixtures/silent-observer.fixture.ts';
import { Controllers } from '../controllers/wiring/controllers.ts';
import { makeContext } from '../controllers/wiring/make-context.ts';
import { takeUpSeal } from '../controllers/wiring/take-up-seal.ts';
import { EvidenceVerifier } from '../controllers/policy-services/evidence-verifier.ts';
import { PolicyWitnesses } from '../controllers/policy-services/policy-witnesses.ts';
import { PolicySigners } from '../controllers/policy-services/policy-signers.ts';
import { DriverPool } from '../controllers/policy-services/driver-pool.ts';
import { signatureText } from '../evidence/signature-text.ts';
import type { SignedArtifact } from '../evidence/artifact.ts';
import { KubeClient } from '../kube/kube-client.ts';
import { KubeObjectReader } from '../kube/kube-object-reader.ts';
import { KubeRunAnnotator } from '../kube/kube-run-annotator.ts';
import { KubeTokenSource } from '../kube/kube-token-source.ts';
import { ShardLeases } from '../kube/lease/shard-leases.ts';
import { withinLease } from '../kube/lease/within-lease.ts';
import { isBlind } from '../kube/watch/is-blind.ts';
import type { WatchSource } from '../kube/watch/list-watch-options.ts';
import { EgressClient } from '../net/egress-client.ts';
import type { AnyController, ReconcileResult } from '../runtime/queue/controller.ts';
import type { SignerDefinition } from '../signing/signer-definition.ts';
import type { SigningSource } from '../signing/signing-source.ts';
import type { BackendDefinition } from '../storage/backend-definition.ts';
import type { StorageDriver } from '../storage/driver.ts';
import { TektonDriver } from '../storage/tekton/tekton-driver.ts';
import { TrustedRoots } from '../trust/trusted-roots.ts';
import type { StoredMaterial } from '../verify/verify-stored.ts';
import { Life } from './life.ts';
import type { ModelApiServer } from './model/api-server.ts';
import type { SeededRandom } from '../runtime/seeded-random.fixture.ts';
import type { VirtualTime } from './virtual-time.ts';

export const OPERATOR_NAMESPACE = 'hallmark-system';

/** Never used to send a request. */
const egress = new EgressClient();
const connection = {
  server: 'https://model.invalid',
  endpoint: () => Promise.reject(new Error('the model has no connections')),
  invalidate: () => undefined,
  maxConnections: 32,
};

/** The concurrency and back-off of one world's operator. */
export interface OperatorSettings {
  readonly concurrentRuns: number;
  readonly concurrentRecords: number;
  readonly maxRetrySeconds: number;
}

export interface OperatorLifeOptions {
  /** The pod's name, which begins with that of its rollout. */
  readonly instance: string;
  readonly time: VirtualTime;
  readonly random: SeededRandom;
  readonly settings: OperatorSettings;
  readonly api: ModelApiServer;
  readonly driver: (backend: BackendDefinition, life: Life) => StorageDriver;
  readonly signingSource: (definition: SignerDefinition, life: Life) => SigningSource;
  readonly onResult: (result: ReconcileResult) => void;
  /** An event handler threw, or an object could not be parsed: a defect in any world. */
  readonly onDefect: (what: string) => void;
  /** Work outlasts the lease of its shard: the process ends. */
  readonly onExit: () => void;
  /** The process cannot start. */
  readonly onCrash: (error: unknown) => void;
}

/** The operator as `learn` builds it, from process start to exit, on the model of the world. */
export class OperatorLife {
  readonly life: Life;
  readonly #options: OperatorLifeOptions;
  readonly #configuration: OperatorConfiguration;
  readonly #client: KubeClient;
  readonly #controllers = new Map<string, AnyController>();
  readonly #sources: WatchSource[] = [];
  readonly #leases: ShardLeases;
  #context: ReturnType<typeof makeContext> | undefined;
  #isWorking = false;
  #isStopping = false;

  constructor(options: OperatorLifeOptions) {
    this.#options = options;
    this.life = new Life(options.time);
    this.#configuration = configuration(options.settings);
    this.#client = new KubeClient({
      ...{ connection, clock: this.life.clock, userAgent: 'hallmark/simulation' },
      transport: options.api.transport(this.life),
    });
    this.#leases = this.#shardLeases();
    this.#start().catch((error: unknown) => {
      if (!this.life.isOver) options.onCrash(error);
    });
  }

  /** True from the end of the start until the operator stops or is killed. */
  get isWorking(): boolean {
    return this.#isWorking && !this.life.isOver;
  }

  /** True while it may write for a namespace. */
  holds(namespace: string): boolean {
    return !this.life.isOver && this.#leases.holds(namespace);
  }

  /** True while it begins work of a namespace. */
  owns(namespace: string): boolean {
    return this.holds(namespace) && this.#context?.shards.owns(namespace) === true;
  }

  controller(name: string): AnyController | undefined {
    return this.#controllers.get(name);
  }

  /** Ends the process as SIGKILL does: pending operations neither complete nor fail. */
  kill(): void {
    if (this.life.isOver) return;
    this.life.end();
    for (const { queue } of this.#controllers.values()) queue.close();
  }

  /** Shuts the process down gracefully, as SIGTERM does. @returns false when it was killed first */
  async stop(graceSeconds: number): Promise<boolean> {
    if (this.#isStopping) return false;
    this.#isStopping = true;
    this.#isWorking = false;
    const controllers = [...this.#controllers.values()];
    await Promise.all([
      ...controllers.map((controller) => controller.stop(graceSeconds)),
      ...this.#sources.map((source) => source.stop()),
    ]);
    if (!this.life.isOver) await this.#leases.stop();
    return this.#end();
  }

  /** @returns false when it was killed before */
  #end(): boolean {
    const isFirst = !this.life.isOver;
    this.kill();
    return isFirst;
  }

  async #start(): Promise<void> {
    const { random, onResult, onDefect } = this.#options;
    const { clock } = this.life;
    const client = this.#client;
    const seal = await this.#sealKey(client);
    await this.#leases.look(new AbortController().signal);
    const context = this.#makeContext(client, seal);
    this.#context = context;
    const controllers = new Controllers({
      context,
      client,
      clock,
      configuration: this.#configuration,
      host: startingHost((source) => this.#sources.push(source)),
      onResult,
      watchObserver: {
        failed: ({ name, key, error }) => {
          onDefect(`${name} ${key}: ${String(error)}`);
        },
      },
      queueObserver: () => ({}),
      onController: (controller) => this.#controllers.set(controller.name, controller),
      random: random.next,
    });
    await controllers.start();
    this.#isWorking = !this.#isStopping;
    if (!this.#isWorking) return;
    const { leaseDurationSeconds, renewDeadlineSeconds } = this.#configuration.leaderElection;
    const work = withinLease(controllers.shards, {
      ...{ clock, leaseDurationSeconds, renewDeadlineSeconds },
      onOutlasted: this.#options.onExit,
    });
    this.#leases.start(work);
  }

  #shardLeases(): ShardLeases {
    const { instance, random } = this.#options;
    const { leaseName, leaseDurationSeconds, renewDeadlineSeconds, retryPeriodSeconds } =
      this.#configuration.leaderElection;
    const timing = { leaseName, leaseDurationSeconds, renewDeadlineSeconds, retryPeriodSeconds };
    return new ShardLeases({
      ...{ client: this.#client, clock: this.life.clock, namespace: OPERATOR_NAMESPACE, instance, ...timing },
      isLeaving: () => this.#isStopping || isBlind(this.#sources),
      onFailure: nothing,
      random: random.next,
    });
  }

  /** Retries, since Kubernetes restarts a process that failed to start. */
  async #sealKey(client: KubeClient): ReturnType<typeof takeUpSeal> {
    const { clock } = this.life;
    const options = { client, clock, configuration: this.#configuration, onWait: nothing };
    for (;;) {
      try {
        return await takeUpSeal(options, new AbortController().signal);
      } catch {
        await clock.sleep(1000);
      }
    }
  }

  #makeContext(client: KubeClient, seal: Awaited<ReturnType<typeof takeUpSeal>>): ReturnType<typeof makeContext> {
    const { life } = this;
    const { clock } = life;
    const { driver, signingSource } = this.#options;
    const objects = new KubeObjectReader({ client, clock });
    const tokens = new KubeTokenSource({ client, clock, destinations: [] });
    const access = { objects, tokens, egress, clock };
    const annotator = new KubeRunAnnotator(client);
    const drivers = new DriverPool({ ...access, annotator }, (backend, context) =>
      backend.spec.type === 'Tekton' ? new TektonDriver(context) : driver(backend, life),
    );
    const keys = new PolicySigners({ ...access, keylessAudience: 'sigstore' }, (definition) =>
      signingSource(definition, life),
    );
    const witnesses = new PolicyWitnesses({ access, roots: new TrustedRoots(access), logs: [] });
    return makeContext({
      client,
      events: { record: () => undefined },
      clock,
      keys,
      drivers,
      access,
      witnesses,
      evidence: new EvidenceVerifier(witnesses, keys, sameBytes),
      sealKey: seal.value,
      previousSealKey: seal.previous,
      sealing: {
        replaced: seal.replaces,
        onHold: (message) => {
          if (message !== undefined) this.#options.onDefect(message);
        },
      },
      observer: silentObserver,
      operatorNamespace: OPERATOR_NAMESPACE,
      holds: (namespace) => this.holds(namespace),
    });
  }
}

/** Compares bytes instead of verifying signatures, which is enough for the model's stores and much faster. */
function sameBytes(
  stored: StoredMaterial,
  expected: SignedArtifact,
): readonly { readonly code: 'NotWhatWasSigned'; readonly message: string }[] {
  const isSame = stored.payload.equals(expected.payload) && stored.signature.equals(signatureText(expected));
  return isSame ? [] : [{ code: 'NotWhatWasSigned', message: 'what was read back is not what was signed' }];
}

const nothing = (): undefined => undefined;

function configuration({
  concurrentRuns,
  concurrentRecords,
  maxRetrySeconds,
}: OperatorSettings): OperatorConfiguration {
  const file = {
    apiVersion: 'config.hallmark.dev/v1alpha1',
    kind: 'OperatorConfiguration',
    operatorNamespace: OPERATOR_NAMESPACE,
    concurrency: { runs: concurrentRuns, records: concurrentRecords },
    retry: { minSeconds: 1, maxSeconds: maxRetrySeconds },
  };
  return parseOperatorConfiguration(JSON.stringify(file), 'the simulation', {});
}
