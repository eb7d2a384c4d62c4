// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import { asManifest, at, chart, listAt, type Manifest } from '../chart/helm.ts';
import { Cluster, PATIENCE_SECONDS } from '../harness/cluster.ts';
import { checkout } from '../harness/installation.ts';
import { operatorProgram } from '../harness/operator-program.ts';
import { ArgoCD, argocdNamespace } from '../testbed/argocd/argocd.ts';
import { GitFolder } from '../testbed/argocd/git-folder.ts';
import { compileCache } from '../testbed/processes/compile-cache.ts';
import { measured } from '../testbed/processes/measured.ts';
import { Testbed } from '../testbed/testbed.ts';
import { healthOf, shipped, withHallmark, type Health } from './judges.ts';

/** The image that the shipped Application names. */
const image = 'registry.example.com/hallmark';
/** Values that only this machine needs. */
const testValues = { replicas: 1, config: { http: { host: '127.0.0.1' } } };

/** An Application as far as tests ask about it. */
interface AppView {
  readonly sync: string;
  readonly health: string;
  /** The phase of its last sync, and the message. */
  readonly operation: string;
  readonly message: string;
  /** The messages of objects that the last sync did not apply. */
  readonly refusals: readonly string[];
  /** The commit that it is compared with. */
  readonly revision: string;
  /** Syncs that succeeded. */
  readonly syncs: number;
  /** Its objects, by `Kind/name`. */
  readonly objects: ReadonlyMap<string, { readonly sync: string; readonly health: Health | undefined }>;
}

/** A cluster whose Argo CD installs Hallmark, and what teams have, from one git repository. The manifests are those that we ship. */
export class GitopsBed extends Cluster {
  readonly git: GitFolder;
  readonly #testbed: Testbed;
  readonly #argocd: ArgoCD;

  private constructor(testbed: Testbed, argocd: ArgoCD, git: GitFolder) {
    super(testbed.plane);
    this.#testbed = testbed;
    this.#argocd = argocd;
    this.git = git;
  }

  /** Starts everything; the repository holds the chart, and whatever `fill` puts there. */
  static start(fill: (git: GitFolder) => void): Promise<GitopsBed> {
    return measured('starting', async () => {
      const command = [process.execPath, operatorProgram];
      const operator = { command, cwd: checkout, env: compileCache() };
      const nodeAgent = { images: { [image]: operator } };
      const testbed = await Testbed.start({
        label: 'gitops',
        tekton: 'Kinds',
        hallmarkKinds: true,
        helm: true,
        nodeAgent,
      });
      try {
        const git = await GitFolder.create(testbed.supervisor, 'gitops.git');
        git.copy(chart, join('helm', 'hallmark'));
        fill(git);
        await git.commit('Begin');
        const argocd = await ArgoCD.start(testbed.plane, testbed.supervisor, withHallmark);
        return new GitopsBed(testbed, argocd, git);
      } catch (error) {
        testbed.supervisor.keepLogs();
        await testbed.stop();
        throw error;
      }
    });
  }

  stop(): Promise<void> {
    return this.#testbed.stop();
  }

  /** Shipped manifests for Argo CD, with the address of this repository in place of the examples. A failed sync is tried again soon. */
  manifests(file: string, edit: (text: string) => string = (text) => text): readonly Manifest[] {
    const text = shipped('argocd', file)
      .replaceAll(/https:\/\/git\.example\.com\/\S+/g, this.git.url)
      .replaceAll(/ (duration|maxDuration): \w+/g, ' $1: 3s');
    return parseAllDocuments(edit(text)).map((document) => asManifest(document.toJS()));
  }

  /** The shipped Application of the platform, with the values that this machine needs, and others. */
  platform(values: object = {}): Manifest {
    const application = asManifest(this.manifests('platform.yaml')[0]);
    const [first, ...others] = listAt(application, 'spec', 'sources').map(asManifest);
    const helm = asManifest(at(first, 'helm'));
    const valuesObject = { ...asManifest(helm['valuesObject']), ...testValues, ...values };
    const sources = [{ ...first, helm: { ...helm, valuesObject } }, ...others];
    return { ...application, spec: { ...asManifest(application['spec']), sources } };
  }

  /** Writes manifests of a team into its folder of the repository. */
  writeTeam(team: string, file: string, ...objects: readonly object[]): void {
    this.git.write(`teams/${team}/${file}`, objects.map((object) => stringify(object)).join('---\n'));
  }

  /** Commits, and has Argo CD look at once instead of at its next poll. */
  async push(message: string, apps: readonly string[] = []): Promise<string> {
    const commit = await this.git.commit(message);
    const set = { metadata: { annotations: { 'argocd.argoproj.io/application-set-refresh': 'true' } } };
    await this.patch(argocdNamespace, 'applicationset/hallmark-teams', set);
    for (const app of apps) await this.refresh(app);
    return commit;
  }

  /** Has Argo CD compare an application with git and the cluster, from scratch. */
  refresh(app: string): Promise<void> {
    const metadata = { annotations: { 'argocd.argoproj.io/refresh': 'hard' } };
    return this.patch(argocdNamespace, `application/${app}`, { metadata });
  }

  /** Has Argo CD compare, and waits until it has. */
  async compareAgain(app: string): Promise<void> {
    await this.refresh(app);
    const isMet = (object: unknown): boolean =>
      at(object, 'metadata', 'annotations', 'argocd.argoproj.io/refresh') === undefined;
    await this.until(argocdNamespace, `application/${app}`, { condition: 'compared again', isMet });
  }

  async app(name: string): Promise<AppView | undefined> {
    const object = await this.find(argocdNamespace, `application/${name}`);
    return object === undefined ? undefined : viewOf(object);
  }

  /** Waits until an application is as expected. @returns it as it was then */
  async untilApp(name: string, condition: string, isMet: (app: AppView) => boolean): Promise<AppView> {
    let met: AppView | undefined;
    const expected = {
      condition,
      timeoutSeconds: 2 * PATIENCE_SECONDS,
      isMet: (object: unknown): boolean => {
        const app = viewOf(object);
        if (isMet(app)) met = app;
        return met !== undefined;
      },
    };
    try {
      await this.until(argocdNamespace, `application/${name}`, expected);
    } catch (error) {
      process.stderr.write(`${this.#argocd.logTail()}\n${this.operatorLogs().slice(-3000)}\n`);
      throw error;
    }
    if (met === undefined) throw new Error(`there is no application ${name}`);
    return met;
  }

  /** Waits until an application is Synced with the commit, and of this health. */
  untilSynced(name: string, health: string, commit?: string): Promise<AppView> {
    return this.untilApp(name, `Synced ${health} at ${commit ?? 'any commit'}`, (app) => {
      const isOf = commit === undefined || app.revision === commit;
      return isOf && app.sync === 'Synced' && app.health === health && app.operation === 'Succeeded';
    });
  }

  /** Our kinds of which Argo CD has seen an object. */
  kindsSeen(): Promise<ReadonlySet<string>> {
    return this.#argocd.kindsSeen('hallmark.dev');
  }

  operatorLogs(): string {
    return this.#testbed.nodeAgent.logs('hallmark-system', 'hallmark-');
  }
}

function viewOf(object: unknown): AppView {
  const text = (...path: readonly string[]): string => {
    const value = at(object, 'status', ...path);
    return typeof value === 'string' ? value : '';
  };
  const resources = listAt(object, 'status', 'resources').map(asManifest);
  const results = listAt(object, 'status', 'operationState', 'syncResult', 'resources').map(asManifest);
  return {
    sync: text('sync', 'status'),
    health: text('health', 'status'),
    operation: text('operationState', 'phase'),
    message: text('operationState', 'message'),
    refusals: results.filter(({ status }) => status === 'SyncFailed').map((result) => String(result['message'])),
    revision: text('sync', 'revision'),
    syncs: listAt(object, 'status', 'history').length,
    objects: new Map(
      resources.map(({ kind, name, status, health }) => [
        `${String(kind)}/${String(name)}`,
        { sync: String(status), health: healthOf(health) },
      ]),
    ),
  };
}
