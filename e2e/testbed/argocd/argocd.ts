// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { field, isObject, objectField, stringMapField, type JsonObject } from '../../../src/json/fields.ts';
import { recipeOf, type Command } from '../binaries/catalog.ts';
import { ensureBinaries, ensureBinary, moduleFolder } from '../binaries/ensure-binary.ts';
import type { ControlPlane } from '../control-plane/control-plane.ts';
import { freePort } from '../processes/free-port.ts';
import type { ManagedProcess } from '../processes/managed-process.ts';
import type { Supervisor } from '../processes/supervisor.ts';
import { waitUntil } from '../processes/wait-until.ts';
import { moduleDirectory } from '../tekton/module-directory.ts';

const argocdModule = 'github.com/argoproj/argo-cd/v3';

/** The namespace of Argo CD, and of its Applications. */
export const argocdNamespace = 'argocd';

/** The data of `argocd-cm`. */
type ArgoCDSettings = Readonly<Record<string, string>>;

/** Changes the settings that Argo CD comes with. They are in force from its start: a later change does not reach its caches. */
type ChangeSettings = (settings: ArgoCDSettings) => ArgoCDSettings;

/** The project that Argo CD's API server makes at its first start. */
const defaultProject = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'AppProject',
  metadata: { name: 'default', namespace: argocdNamespace },
  spec: {
    sourceRepos: ['*'],
    destinations: [{ namespace: '*', server: '*' }],
    clusterResourceWhitelist: [{ group: '*', kind: '*' }],
  },
};

interface Launch {
  readonly supervisor: Supervisor;
  readonly env: Readonly<Record<string, string>>;
}

/** Argo CD on a control plane, which is its own cluster: both controllers, the repo server, and a Redis. It reads repositories by git. */
export class ArgoCD {
  readonly #processes: readonly ManagedProcess[];
  /** Port of the application controller's metrics. */
  readonly #metrics: number;

  private constructor(processes: readonly ManagedProcess[], metrics: number) {
    this.#processes = processes;
    this.#metrics = metrics;
  }

  /** Builds what is missing, applies Argo CD's manifests and starts its processes; resolves when all of them are healthy. */
  static async start(
    plane: ControlPlane,
    supervisor: Supervisor,
    settings: ChangeSettings = (data) => data,
  ): Promise<ArgoCD> {
    const commands: Command[] = ['argocd-redis', 'argocd-repo-server', 'argocd-application-controller', 'helm'];
    await ensureBinaries(commands);
    const list = { apiVersion: 'v1', kind: 'List', items: await manifests(settings) };
    await plane.kubectl(['apply', '--server-side', '-f', '-'], { stdin: JSON.stringify(list) });
    for (const plural of ['applications', 'applicationsets', 'appprojects'])
      await waitUntil(`${plural} are served`, () => plane.isServing('argoproj.io/v1alpha1', plural));
    await plane.kubectl(['apply', '--server-side', '-f', '-'], { stdin: JSON.stringify(defaultProject) });
    const launch = { supervisor, env: await environment(supervisor, plane.kubeconfigPath) };
    const redis = await startRedis(launch);
    const repoServer = await startRepoServer(launch, redis.host);
    const metrics = await freePort();
    const controllers = await Promise.all([
      startApplications(launch, { redis: redis.host, repoServer: repoServer.host, metrics }),
      startApplicationSets(launch, repoServer.host),
    ]);
    return new ArgoCD([redis.process, repoServer.process, ...controllers], metrics);
  }

  /** The kinds of an API group of which the application controller has seen an object. */
  async kindsSeen(group: string): Promise<ReadonlySet<string>> {
    const text = await (await fetch(`http://127.0.0.1:${this.#metrics}/metrics`)).text();
    const lines = text.split('\n').filter((line) => line.startsWith('argocd_cluster_events_total{'));
    const ofGroup = lines.filter((line) => line.includes(`group="${group}"`));
    return new Set(ofGroup.map((line) => /kind="(\w+)"/.exec(line)?.[1] ?? line));
  }

  /** The last lines of all logs, for a failed test. */
  logTail(lines = 20): string {
    return this.#processes.map((process) => `${process.name}:\n${process.logTail(lines)}`).join('\n');
  }
}

/** The namespace, the CRDs, and the settings. */
async function manifests(settings: ChangeSettings): Promise<readonly unknown[]> {
  const module = await moduleDirectory(moduleFolder(recipeOf('argocd-redis')), argocdModule);
  const read = (...folder: string[]): readonly JsonObject[] => {
    const path = join(module, 'manifests', ...folder);
    const names = readdirSync(path).filter((name) => name.endsWith('.yaml') && name !== 'kustomization.yaml');
    return names.toSorted().flatMap((name) => documents(readFileSync(join(path, name), 'utf8')));
  };
  const configuration = read('base', 'config').map((object) => inNamespace(withSettings(object, settings)));
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: argocdNamespace } },
    ...read('crds'),
    ...configuration,
  ];
}

function documents(text: string): readonly JsonObject[] {
  return parseAllDocuments(text).flatMap((document) => {
    const object: unknown = document.toJS();
    return isObject(object) ? [object] : [];
  });
}

function withSettings(object: JsonObject, settings: ChangeSettings): JsonObject {
  if (field(object['metadata'], 'name') !== 'argocd-cm') return object;
  return { ...object, data: settings(stringMapField(object, 'data')) };
}

function inNamespace(object: JsonObject): JsonObject {
  return { ...object, metadata: { ...objectField(object, 'metadata'), namespace: argocdNamespace } };
}

/** Folders of its own for everything that the processes keep in files, and git and helm on the PATH. */
async function environment(supervisor: Supervisor, kubeconfig: string): Promise<Readonly<Record<string, string>>> {
  const folder = (name: string): string => supervisor.dataDirectory(join('argocd', name));
  const bin = folder('bin');
  symlinkSync(await ensureBinary('helm'), join(bin, 'helm'));
  const temporary = folder('tmp');
  return {
    PATH: `${bin}:${supervisor.environment()['PATH'] ?? ''}`,
    TMPDIR: temporary,
    ARGOCD_ASK_PASS_SOCK: join(temporary, 'ask-pass.sock'),
    // The cluster that Argo CD runs in is the one of this file.
    ARGOCD_FAKE_IN_CLUSTER: 'true',
    KUBECONFIG: kubeconfig,
    ARGOCD_GPG_ENABLED: 'false',
    ARGOCD_GNUPGHOME: folder('gpg'),
    ARGOCD_TLS_DATA_PATH: folder('tls'),
    ARGOCD_SSH_DATA_PATH: folder('ssh'),
  };
}

interface Listening {
  /** `127.0.0.1:port`. */
  readonly host: string;
  readonly process: ManagedProcess;
}

async function startRedis({ supervisor }: Launch): Promise<Listening> {
  const port = await freePort();
  const host = `127.0.0.1:${port}`;
  const command = await ensureBinary('argocd-redis');
  const process = supervisor.start({ name: 'argocd-redis', command, args: [host], graceSeconds: 0 });
  await process.untilReady(() => accepts(port));
  return { host, process };
}

async function startRepoServer({ supervisor, env }: Launch, redis: string): Promise<Listening> {
  const port = await freePort();
  const metrics = await freePort();
  const process = supervisor.start({
    name: 'argocd-repo-server',
    command: await ensureBinary('argocd-repo-server'),
    args: [
      ...['--redis', redis, '--disable-tls', '--address', '127.0.0.1', '--port', String(port)],
      ...['--metrics-address', '127.0.0.1', '--metrics-port', String(metrics)],
    ],
    env,
    graceSeconds: 0,
  });
  await process.untilReady(() => answers(metrics, 'healthz'));
  return { host: `127.0.0.1:${port}`, process };
}

interface ApplicationsOptions {
  readonly redis: string;
  readonly repoServer: string;
  readonly metrics: number;
}

async function startApplications(
  { supervisor, env }: Launch,
  { redis, repoServer, metrics }: ApplicationsOptions,
): Promise<ManagedProcess> {
  const process = supervisor.start({
    name: 'argocd-application-controller',
    command: await ensureBinary('argocd-application-controller'),
    args: [
      ...['--namespace', argocdNamespace, '--redis', redis],
      ...['--repo-server', repoServer, '--repo-server-plaintext', '--metrics-port', String(metrics)],
      // Tests read the health of each object in the status of its Application.
      '--persist-resource-health',
    ],
    // Waves wait for health alone, without the two seconds that Argo CD adds to each.
    env: { ...env, ARGOCD_SYNC_WAVE_DELAY: '0' },
    graceSeconds: 0,
  });
  await process.untilReady(() => answers(metrics, 'healthz'));
  return process;
}

async function startApplicationSets({ supervisor, env }: Launch, repoServer: string): Promise<ManagedProcess> {
  const [metrics, probes, webhook] = [await freePort(), await freePort(), await freePort()];
  const process = supervisor.start({
    name: 'argocd-applicationset-controller',
    command: await ensureBinary('argocd-applicationset-controller'),
    args: [
      ...['--namespace', argocdNamespace],
      ...['--argocd-repo-server', repoServer, '--repo-server-plaintext'],
      ...['--metrics-addr', `127.0.0.1:${metrics}`, '--probe-addr', `127.0.0.1:${probes}`],
      ...['--webhook-addr', `127.0.0.1:${webhook}`],
    ],
    env: { ...env, NAMESPACE: argocdNamespace },
    graceSeconds: 0,
  });
  // It serves its metrics once it works, and answers no probe of its health.
  await process.untilReady(() => answers(metrics, 'metrics'));
  return process;
}

async function answers(port: number, path: string): Promise<boolean> {
  return (await fetch(`http://127.0.0.1:${port}/${path}`)).ok;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (isOpen: boolean): void => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once('connect', () => {
      end(true);
    });
    socket.once('error', () => {
      end(false);
    });
  });
}
