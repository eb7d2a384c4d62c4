// SPDX-License-Identifier: Apache-2.0
import { isObject, type JsonObject, objectField, stringField } from '../../json/fields.ts';
import { KubeError } from '../../kube/kube-error.ts';
import type { KubeTransport, TransportRequest } from '../../kube/kube-transport.ts';
import type { Life } from '../life.ts';
import type { SeededRandom } from '../../runtime/seeded-random.fixture.ts';
import type { VirtualTime } from '../virtual-time.ts';
import { type ClusterEvent, type ModelCluster, refusal } from './cluster.ts';
import { ModelWatch } from './watch.ts';

/** Faults between the operator and the API server, as chances per request. */
export interface ApiFaults {
  readonly maxDelayMs: number;
  /** The request does not arrive, or the server is overloaded. */
  readonly failing: number;
  /** The server handles the request, but the response is lost. */
  readonly losingAnswers: number;
  /** The operator is killed during the request. */
  readonly killing: number;
  /** The longest delay of a watch event. */
  readonly maxLagMs: number;
}

export interface ModelApiServerOptions {
  readonly cluster: ModelCluster;
  readonly time: VirtualTime;
  readonly random: SeededRandom;
  readonly faults: () => ApiFaults;
  /** Kills the life that sent the request. */
  readonly kill: (life: Life) => void;
  /** An event of a watch has arrived. */
  readonly onDelivered: (life: Life, event: ClusterEvent) => void;
}

const TIMEOUT_MS = 30_000;

type Transport = Pick<KubeTransport, 'json' | 'stream'>;

/** The API server in front of a cluster: requests are slow, fail or lose their responses, and watch events are late. */
export class ModelApiServer {
  readonly #options: ModelApiServerOptions;
  readonly #watches = new Map<ModelWatch, Life>();
  readonly #cutUntilMs = new WeakMap<Life, number>();
  #awayUntilMs = 0;

  constructor(options: ModelApiServerOptions) {
    this.#options = options;
  }

  /** Stops responding for a while, and cuts every watch. */
  goAway(ms: number): void {
    this.#awayUntilMs = this.#options.time.nowMs + ms;
    this.cutWatches();
  }

  cutWatches(): void {
    for (const watch of this.#watches.keys()) watch.cut();
    this.#watches.clear();
  }

  /** Lets nothing of one process through for a while. */
  cutOff(life: Life, ms: number): void {
    this.#cutUntilMs.set(life, this.#options.time.nowMs + ms);
    for (const [watch, owner] of this.#watches) if (owner === life) watch.cut();
  }

  /** Returns the transport for one life of the operator. */
  transport(life: Life): Transport {
    return {
      json: (request) => this.#send(life, request),
      stream: (request) => this.#watch(life, request),
    };
  }

  async #send(life: Life, request: TransportRequest): Promise<unknown> {
    const { random, kill } = this.#options;
    const { maxDelayMs, failing, losingAnswers, killing } = this.#options.faults();
    request.signal.throwIfAborted();
    if (random.chance(killing)) this.#killDuring(life, request, kill);
    await this.#travel(life, request, random.between(1, maxDelayMs));
    if (random.chance(failing)) throw random.chance(0.5) ? unreachable(request) : busy(request);
    if (request.method === 'GET') return this.#handle(request);
    const response = this.#outcome(request);
    await this.#travel(life, request, random.between(1, maxDelayMs));
    if (random.chance(losingAnswers)) throw unreachable(request);
    if (response instanceof KubeError) throw response;
    return response;
  }

  /** Kills the operator before or after the server handles the request. */
  #killDuring(life: Life, request: TransportRequest, kill: (life: Life) => void): void {
    if (this.#options.random.chance(0.5)) this.#outcome(request);
    kill(life);
  }

  async #travel(life: Life, { signal, ...request }: TransportRequest, ms: number): Promise<void> {
    const { time } = this.#options;
    const awayMs = Math.max(0, this.#awayUntilMs - time.nowMs, (this.#cutUntilMs.get(life) ?? 0) - time.nowMs);
    if (awayMs === 0) {
      await life.clock.sleep(ms, signal);
      return;
    }
    // No server is listening: some requests fail at once, others hang.
    const hangs = this.#options.random.chance(0.3);
    await life.clock.sleep(hangs ? Math.min(awayMs, request.timeoutMs ?? TIMEOUT_MS) : ms, signal);
    throw unreachable(request);
  }

  #outcome(request: TransportRequest): unknown {
    try {
      return this.#handle(request);
    } catch (error) {
      if (error instanceof KubeError) return error;
      throw error;
    }
  }

  #handle({ method, path, query, body }: TransportRequest): unknown {
    const { cluster } = this.#options;
    const { plural, namespace, name, subresource } = parsePath(path);
    const change = { ...(isObject(body) ? body : {}) };
    switch (method) {
      case 'GET':
        if (name === undefined) return this.#list(plural, namespace, String(query?.['labelSelector'] ?? ''));
        return cluster.get(plural, { namespace, name }) ?? notFound(plural, name);
      case 'POST':
        return cluster.create(plural, change);
      case 'PUT':
        return cluster.update(plural, subresource === 'status' ? 'Status' : 'Whole', change);
      case 'PATCH':
        return cluster.update(plural, 'Patch', change);
      case 'DELETE':
        cluster.delete(plural, { namespace, name: name ?? '' }, objectField(change, 'preconditions'));
        return {};
      default:
        throw new RangeError(`${method} ${path} is not modelled`);
    }
  }

  #list(plural: string, namespace: string | undefined, labelSelector: string): JsonObject {
    const [label = '', value] = labelSelector.split('=');
    const items = this.#options.cluster
      .list(plural, namespace)
      .filter((item) => label === '' || stringField(labelsOf(item), label) === value);
    return { items, metadata: { resourceVersion: String(this.#options.cluster.version) } };
  }

  async #watch(life: Life, request: TransportRequest): Promise<AsyncIterable<unknown>> {
    const { cluster, time, random, faults, onDelivered } = this.#options;
    const { signal, query = {} } = request;
    await this.#travel(life, request, random.between(1, faults().maxDelayMs));
    const { plural, namespace } = parsePath(request.path);
    const watch = new ModelWatch({
      ...{ life, time, random, namespace, maxLagMs: () => faults().maxLagMs },
      onDelivered: (event) => {
        onDelivered(life, event);
      },
    });
    const unsubscribe = cluster.watch(plural, Number(query['resourceVersion']), (event) => {
      watch.push(event);
    });
    watch.open(Number(query['timeoutSeconds']) * 1000, () => {
      unsubscribe();
      this.#watches.delete(watch);
    });
    signal.addEventListener('abort', () => {
      const reason: unknown = signal.reason;
      watch.cut(reason instanceof Error ? reason : new Error(String(reason)));
    });
    this.#watches.set(watch, life);
    return watch.body();
  }
}

interface ApiPath {
  readonly plural: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
}

/** `/api/v1/…` or `/apis/GROUP/VERSION/…`, then `namespaces/NAMESPACE/` for namespaced objects. */
function parsePath(path: string): ApiPath {
  const segments = path.split('/').slice(path.startsWith('/api/') ? 3 : 4);
  const isNamespaced = segments[0] === 'namespaces' && segments.length > 2;
  const [plural = '', name, subresource] = isNamespaced ? segments.slice(2) : segments;
  return { plural, namespace: isNamespaced ? segments[1] : undefined, name, subresource };
}

function labelsOf(object: JsonObject): JsonObject {
  return objectField(objectField(object, 'metadata'), 'labels');
}

function notFound(plural: string, name: string): never {
  throw refusal(404, 'NotFound', `${plural} "${name}" not found`);
}

type Target = Pick<TransportRequest, 'verb' | 'target'>;

function unreachable({ verb, target }: Target): KubeError {
  return new KubeError({ status: 0, reason: 'Unreachable', message: `${verb} ${target}: connection reset` });
}

function busy({ verb, target }: Target): KubeError {
  return new KubeError({ status: 503, reason: 'ServiceUnavailable', message: `${verb} ${target}: overloaded` });
}
