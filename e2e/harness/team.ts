// SPDX-License-Identifier: Apache-2.0
import type { RunKind } from '../../src/api/v1alpha1/kinds.ts';
import type { ProvenanceRecord } from '../../src/api/v1alpha1/provenance-record/schema.ts';
import { recordName } from '../../src/records/record-name.ts';
import { asManifest, at, type Manifest } from '../chart/helm.ts';
import { dockerConfig } from '../testbed/registry/credentials.ts';
import type { PushedImage } from '../testbed/registry/push-image.ts';
import type { Registry } from '../testbed/registry/registry.ts';
import { PATIENCE_SECONDS, type Cluster } from './cluster.ts';
import { parseRecord } from './record.ts';
import { newSigningKey, type SigningKey } from './signing-key.ts';
import { nameOf, sampleRun, teamManifests, withSpec } from './team-manifests.ts';

/** The Secrets that samples/README.md has a team make. */
export const KEY_SECRET = 'signing-secrets';
const PUSH_SECRET = 'registry-push';

export interface TeamOptions {
  /** The team's namespace, which is its name too. */
  readonly name: string;
  /** The registry that its runs push to. */
  readonly registry: Registry;
  /** False: the key Secret is not made yet. */
  readonly withKey?: boolean;
  /** Content of the key Secret instead of the team's key. */
  readonly keyData?: Readonly<Record<string, string>>;
  /** Names of the sample backends to make: `registry`, `tekton`. Both by default. */
  readonly backends?: readonly string[];
  /** Fields of the sample policy's spec to replace. */
  readonly policy?: object;
}

export interface BuildOptions {
  readonly name: string;
  /** TaskRun by default. */
  readonly kind?: RunKind;
  /** Without the label that the sample policy selects when false. */
  readonly isRelease?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
  /** In the team's registry; the team's name and `/app` by default. */
  readonly repository?: string;
  /** An image that is in that repository already, for the run to state; a new image is pushed if absent. */
  readonly pushed?: PushedImage;
  /** Results that the run writes in addition to those of its image, or instead of them. */
  readonly results?: Readonly<Record<string, string>>;
  /** The last step's; the run fails unless it is 0. */
  readonly exitCode?: number;
}

/** A run that real Tekton finished, and the image that it says it built. */
export interface Build {
  readonly kind: RunKind;
  readonly name: string;
  readonly uid: string;
  readonly image: PushedImage;
}

/** A team of the cluster: a namespace with a key, registry credentials, the sample task and pipeline, backends and a policy. */
export class Team {
  readonly name: string;
  readonly registry: Registry;
  readonly key: SigningKey = newSigningKey();
  readonly #cluster: Cluster;

  private constructor(cluster: Cluster, { name, registry }: TeamOptions) {
    this.#cluster = cluster;
    this.name = name;
    this.registry = registry;
  }

  /** Makes everything of the team, as samples/README.md says. */
  static async create(cluster: Cluster, options: TeamOptions): Promise<Team> {
    const team = new Team(cluster, options);
    const backends = options.backends ?? ['registry', 'tekton'];
    const backendRefs = backends.map((name) => ({ kind: 'StorageBackend', name }));
    const manifests = teamManifests(options.name)
      .filter((manifest) => manifest['kind'] !== 'StorageBackend' || backends.includes(nameOf(manifest)))
      .map((manifest) =>
        manifest['kind'] === 'SigningPolicy' ? withSpec(manifest, { backendRefs, ...options.policy }) : manifest,
      );
    const isNamespace = ({ kind }: Manifest): boolean => kind === 'Namespace' || kind === 'ServiceAccount';
    await cluster.apply(...manifests.filter(isNamespace));
    // Before the policy, which would look for its key again only after some seconds.
    if (options.withKey !== false) await team.createKeySecret(options.keyData);
    await team.giveRegistryCredentials();
    await cluster.apply(...manifests.filter((manifest) => !isNamespace(manifest)));
    return team;
  }

  /** The label that the sample policy selects runs by. */
  get releaseLabel(): Readonly<Record<string, string>> {
    return { [`${this.name}.example.com/release`]: 'true' };
  }

  /** The key Secret, or one with other content under its name. */
  async createKeySecret(stringData: Readonly<Record<string, string>> = { 'x509.pem': this.key.privateKey }) {
    const metadata = { name: KEY_SECRET, namespace: this.name };
    await this.#cluster.apply({ apiVersion: 'v1', kind: 'Secret', metadata, stringData });
  }

  /** Gives the ServiceAccount of the sample runs credentials to push with, unless the registry needs none. */
  async giveRegistryCredentials(registry = this.registry): Promise<void> {
    if (registry.credentials === undefined) return;
    const { name: namespace } = this;
    await this.#cluster.apply({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: PUSH_SECRET, namespace },
      type: 'kubernetes.io/dockerconfigjson',
      stringData: { '.dockerconfigjson': dockerConfig(registry.host, registry.credentials) },
    });
    await this.#cluster.patch(namespace, 'serviceaccount/builder', { secrets: [{ name: PUSH_SECRET }] });
  }

  /** Waits until the policy and its backends are Ready. */
  async untilReady(policy = 'builds'): Promise<void> {
    await this.#cluster.wait(this.name, `signingpolicy/${policy}`, 'condition=Ready');
  }

  /** Pushes an image, and creates a run of the sample task or pipeline that states it as its result. */
  async startBuild(options: BuildOptions): Promise<Build> {
    const { kind = 'TaskRun', name } = options;
    const repository = options.repository ?? `${this.name}/app`;
    const image = options.pushed ?? (await this.registry.pushImage(repository, name));
    const run = await this.#cluster.create(this.#run(options, `${this.registry.host}/${repository}`, image));
    return { kind, name, uid: String(at(run, 'metadata', 'uid')), image };
  }

  /** The same, and waits until Tekton has finished the run. */
  async build(options: BuildOptions): Promise<Build> {
    const build = await this.startBuild(options);
    await this.untilFinished(build, (options.exitCode ?? 0) === 0);
    return build;
  }

  /** Waits until real Tekton has finished the run as expected. */
  async untilFinished({ kind, name }: Build, isSuccess = true): Promise<void> {
    const outcome = isSuccess ? 'True' : 'False';
    await this.#cluster.wait(this.name, `${kind.toLowerCase()}/${name}`, `condition=Succeeded=${outcome}`);
  }

  #run(options: BuildOptions, imageName: string, image: PushedImage): Manifest {
    const { kind = 'TaskRun', name, isRelease = true, labels = {}, exitCode = 0 } = options;
    const sample = sampleRun(this.name, kind);
    const results = { IMAGE_URL: imageName, IMAGE_DIGEST: image.digest, ...options.results };
    const annotations = {
      'testbed.hallmark.dev/results': JSON.stringify(results),
      'testbed.hallmark.dev/exit-code': String(exitCode),
    };
    return {
      ...withSpec(sample, { params: [{ name: 'IMAGE', value: imageName }] }),
      metadata: {
        name,
        namespace: this.name,
        labels: { ...(isRelease ? this.releaseLabel : {}), ...labels },
        annotations,
      },
    };
  }

  /** The name of the record of a run and a policy of this team. */
  recordName(run: { readonly name: string; readonly uid: string }, policy = 'builds'): string {
    return recordName(run, { kind: 'SigningPolicy', namespace: this.name, name: policy });
  }

  /** All records of the team. */
  async records(): Promise<readonly ProvenanceRecord[]> {
    return (await this.#cluster.list(['provenancerecords', '-n', this.name])).map(parseRecord);
  }

  /** The record of a build and a policy; undefined when there is none. */
  async record(build: Build, policy = 'builds'): Promise<ProvenanceRecord | undefined> {
    const found = await this.#cluster.find(this.name, `provenancerecord/${this.recordName(build, policy)}`);
    return found === undefined ? undefined : parseRecord(found);
  }

  /** Waits for the record's condition Ready, and reads it. */
  async readyRecord(build: Build, policy = 'builds', timeoutSeconds = PATIENCE_SECONDS): Promise<ProvenanceRecord> {
    return this.#recordWhen(build, policy, { condition: 'condition=Ready', timeoutSeconds });
  }

  /** Waits until the record's Ready condition carries this reason, and reads it. */
  async recordWithReason(build: Build, reason: string, policy = 'builds'): Promise<ProvenanceRecord> {
    const condition = `jsonpath={.status.reason}=${reason}`;
    return this.#recordWhen(build, policy, { condition, timeoutSeconds: PATIENCE_SECONDS });
  }

  /** Waits until the record satisfies the predicate. @returns the record as it was then */
  async recordThat(
    build: Pick<Build, 'name' | 'uid'>,
    what: string,
    isSo: (record: ProvenanceRecord) => boolean,
  ): Promise<ProvenanceRecord> {
    let met: ProvenanceRecord | undefined;
    const isMet = (object: unknown): boolean => {
      const record = parseRecord(object);
      if (isSo(record)) met = record;
      return met !== undefined;
    };
    await this.#cluster.until(this.name, `provenancerecord/${this.recordName(build)}`, { condition: what, isMet });
    if (met === undefined) throw new Error(`the record of ${build.name} was not seen`);
    return met;
  }

  /** Waits until so many records satisfy the predicate. @returns all records as they were then */
  untilRecords(
    count: number,
    condition: string,
    isMet: (record: ProvenanceRecord) => boolean,
    timeoutSeconds = PATIENCE_SECONDS,
  ): Promise<readonly ProvenanceRecord[]> {
    const expected = { count, condition, isMet, timeoutSeconds, parse: parseRecord };
    return this.#cluster.untilMany(this.name, 'provenancerecords', expected);
  }

  async #recordWhen(
    build: Build,
    policy: string,
    { condition, timeoutSeconds }: { readonly condition: string; readonly timeoutSeconds: number },
  ): Promise<ProvenanceRecord> {
    const name = `provenancerecord/${this.recordName(build, policy)}`;
    await this.#cluster.wait(this.name, name, condition, timeoutSeconds);
    return parseRecord(await this.#cluster.json(['get', name, '-n', this.name]));
  }

  /** The number of layers under an image's `.sig` or `.att` tag of cosign. */
  async layers(image: PushedImage, suffix: 'sig' | 'att'): Promise<number> {
    return (await this.#layersOf(image, suffix)).length;
  }

  /** The signatures of an image that its registry holds, in base64. */
  async imageSignatures(image: PushedImage): Promise<readonly string[]> {
    const layers = await this.#layersOf(image, 'sig');
    return layers.map((layer) => String(at(layer, 'annotations', 'dev.cosignproject.cosign/signature')));
  }

  /** The signatures of the statements about an image that its registry holds, in base64. */
  async statementSignatures(image: PushedImage): Promise<readonly string[]> {
    const layers = await this.#layersOf(image, 'att');
    const client = this.registry.client();
    const envelopes = layers.map(async (layer): Promise<unknown> => {
      const { body } = await client.send(`/v2/${this.#repositoryOf(image)}/blobs/${String(at(layer, 'digest'))}`);
      return JSON.parse(body.toString('utf8'));
    });
    return (await Promise.all(envelopes)).map((envelope) => String(at(envelope, 'signatures', 0, 'sig')));
  }

  #repositoryOf({ reference }: PushedImage): string {
    return reference.slice(this.registry.host.length + 1).split('@')[0] ?? '';
  }

  async #layersOf(image: PushedImage, suffix: 'sig' | 'att'): Promise<readonly Manifest[]> {
    const tag = `${image.digest.replace(':', '-')}.${suffix}`;
    const { status, body } = await this.registry.client().send(`/v2/${this.#repositoryOf(image)}/manifests/${tag}`);
    if (status === 404) return [];
    if (status !== 200) throw new Error(`${this.registry.host} answered ${status} for ${tag}`);
    const layers = at(JSON.parse(body.toString('utf8')), 'layers');
    return Array.isArray(layers) ? layers.map(asManifest) : [];
  }
}
