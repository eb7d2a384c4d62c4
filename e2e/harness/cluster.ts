// SPDX-License-Identifier: Apache-2.0
import { asManifest, at, type Manifest } from '../chart/helm.ts';
import type { ControlPlane, KubectlOptions } from '../testbed/control-plane/control-plane.ts';
import { measured } from '../testbed/processes/measured.ts';
import type { CommandOutput } from '../testbed/processes/run-command.ts';

/** How long a condition may take: generous, because a machine of two cores runs everything. */
export const PATIENCE_SECONDS = 120;

/** An Event as far as tests ask about it. */
export interface EventView {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly regardingKind: string;
  readonly regardingUID: string;
  /** How often it was told, as its series counts. */
  readonly count: number;
}

/** The API server as an administrator uses it by kubectl. */
export class Cluster {
  readonly plane: ControlPlane;

  constructor(plane: ControlPlane) {
    this.plane = plane;
  }

  kubectl(args: readonly string[], options?: KubectlOptions): Promise<CommandOutput> {
    return this.plane.kubectl(args, options);
  }

  /** What `kubectl … -o json` printed, parsed. */
  async json(args: readonly string[]): Promise<Manifest> {
    return asManifest(JSON.parse((await this.kubectl([...args, '-o', 'json'])).stdout));
  }

  /** The items of `kubectl get … -o json`. */
  async list(args: readonly string[]): Promise<readonly Manifest[]> {
    const items = at(await this.json(['get', ...args]), 'items');
    return Array.isArray(items) ? items.map(asManifest) : [];
  }

  /** `kubectl apply` of objects given as data. */
  async apply(...objects: readonly object[]): Promise<void> {
    const list = { apiVersion: 'v1', kind: 'List', items: objects };
    await this.kubectl(['apply', '-f', '-'], { stdin: JSON.stringify(list) });
  }

  /** `kubectl create` of one object; returns it as the API server made it. */
  async create(object: object): Promise<Manifest> {
    const { stdout } = await this.kubectl(['create', '-o', 'json', '-f', '-'], { stdin: JSON.stringify(object) });
    return asManifest(JSON.parse(stdout));
  }

  /** A merge patch of one object, such as `signingpolicy/builds`. */
  async patch(namespace: string, name: string, patch: object): Promise<void> {
    await this.kubectl(['patch', '-n', namespace, name, '--type=merge', '-p', JSON.stringify(patch)]);
  }

  /** `kubectl wait --for=…` of one object; it need not exist yet. */
  wait(namespace: string, name: string, condition: string, timeoutSeconds = PATIENCE_SECONDS): Promise<void> {
    return measured('waiting', () => this.#wait(namespace, name, { condition, timeoutSeconds }));
  }

  async #wait(
    namespace: string,
    name: string,
    { condition, timeoutSeconds }: { readonly condition: string; readonly timeoutSeconds: number },
  ): Promise<void> {
    const wait = (what: string) =>
      this.kubectl(['wait', '-n', namespace, name, `--for=${what}`, `--timeout=${timeoutSeconds}s`], {
        timeoutSeconds: timeoutSeconds + 10,
      });
    if (condition !== 'delete') await wait('create');
    await wait(condition);
  }

  /** The Events of a namespace. */
  async events(namespace: string): Promise<readonly EventView[]> {
    return (await this.list(['events', '-n', namespace])).map((event) => ({
      type: String(event['type']),
      reason: String(event['reason']),
      message: String(event['message']),
      regardingKind: String(at(event, 'involvedObject', 'kind')),
      regardingUID: String(at(event, 'involvedObject', 'uid')),
      count: Number(at(event, 'series', 'count') ?? event['count'] ?? 1),
    }));
  }
}
