// SPDX-License-Identifier: Apache-2.0
import { API_VERSION } from '../../api/v1alpha1/group-version.ts';
import { parseManifest } from '../../api/v1alpha1/parsing/parse-manifest.ts';
import type { ChainsConfig, ConfigProblem } from './chains-config.ts';
import { migratedBackend } from './chains-backend.ts';
import { type ChainsKey, type ChainsKeyName, chainsKeys } from './chains-keys.ts';
import { artifactsIn, type PolicyOutline, policyOutlines, policySpec } from './chains-policies.ts';
import { migratedSigner } from './chains-signer.ts';
import { chartValues } from './chart-values.ts';
import {
  type HelmValue,
  type MigratedPart,
  type MigrationScope,
  type NamedSecret,
  reach,
  secretsNamespace,
  type Unmigrated,
} from './migration.ts';

/** One line about a key. */
export interface KeyLine {
  readonly key: string;
  /** `Unused`: another setting takes its effect away. */
  readonly outcome: ChainsKey['outcome'] | 'Unused';
  readonly text: string;
}

/** All that becomes of a configuration of Chains. */
export interface Migration {
  /** In the order in which they are applied. */
  readonly manifests: readonly object[];
  readonly secrets: readonly NamedSecret[];
  /** The values of the chart; empty where the defaults do. */
  readonly values: object;
  readonly keys: readonly KeyLine[];
  readonly advice: readonly string[];
  /** The parts that could not be migrated. */
  readonly problems: readonly ConfigProblem[];
}

interface NamedPart extends MigratedPart {
  readonly name: string;
}

/** Turns a configuration of Chains into manifests. Each one passes the checks of the API server. */
export function planMigration(config: ChainsConfig, scope: MigrationScope): Migration {
  const plan = new MigrationPlan(config, scope);
  const outlines = policyOutlines(config);
  if (config.isEnabled('oci') && config.storagesOf('oci').includes('archivista'))
    plan.fail(
      'artifacts.oci.storage',
      'Archivista holds no signatures of images, and Chains fails to store them there: remove archivista',
    );
  const storages = [...new Set(outlines.flatMap((outline) => outline.storages))].toSorted();
  for (const storage of storages) plan.addBackend(storage);
  for (const outline of outlines) plan.addPolicy(outline);
  if (outlines.some(({ attestation }) => attestation === undefined) && config.isEnabled('taskrun'))
    plan.advise(
      'chains.tekton.dev/signed says that the attestation of a TaskRun is stored; policy chains-images may store its images later: a tool that needs both waits for both (hallmark wait RUN --for stored)',
    );
  if (outlines.length === 0)
    plan.fail('artifacts', 'every artifact is disabled, so that Chains signs nothing: there is nothing to migrate');
  return plan.result();
}

class MigrationPlan {
  readonly #config: ChainsConfig;
  readonly #scope: MigrationScope;
  readonly #backends: NamedPart[] = [];
  readonly #policies: object[] = [];
  readonly #parts: MigratedPart[] = [];
  readonly #advice: string[] = [];
  readonly #problems: ConfigProblem[];
  readonly #values: HelmValue[] = [];

  constructor(config: ChainsConfig, scope: MigrationScope) {
    this.#config = config;
    this.#scope = scope;
    this.#problems = [...config.problems];
  }

  fail(key: string, message: string): void {
    if (!this.#problems.some((problem) => problem.key === key && problem.message === message))
      this.#problems.push({ key, message });
  }

  advise(text: string): void {
    this.#advice.push(text);
  }

  addBackend(storage: string): void {
    const artifacts = artifactsIn(this.#config, storage);
    if (artifacts.length === 0) return;
    const part = this.#taken(`storage ${storage}`, migratedBackend(this.#config, storage, this.#scope));
    if (part === undefined) return;
    const name = `chains-${storage}`;
    const manifest = this.#manifest('StorageBackend', name, { ...part.spec, artifacts });
    if (this.#isValid(manifest, `storage ${storage}`)) this.#backends.push({ ...part, name, spec: manifest });
  }

  addPolicy(outline: PolicyOutline): void {
    const part = this.#taken(`signer ${outline.signer}`, migratedSigner(this.#config, outline.signer, this.#scope));
    const backends = this.#backends.filter(({ name }) => outline.storages.includes(name.slice('chains-'.length)));
    if (part === undefined) return;
    const where = `policy ${outline.name}`;
    // Without references, it would store in every backend in reach.
    if (backends.length === 0) {
      this.fail(where, 'left out, because none of its storages can be migrated');
      return;
    }
    const kind = this.#kind('StorageBackend');
    const witnesses = this.#witnesses();
    const manifest = this.#manifest('SigningPolicy', outline.name, {
      ...policySpec(this.#config, outline, this.#scope),
      signer: part.spec,
      ...witnesses,
      backendRefs: backends.map(({ name }) => ({ kind, name })),
    });
    if (this.#isValid(manifest, where)) this.#policies.push(manifest);
  }

  result(): Migration {
    const { given } = this.#config;
    const parts = [...this.#backends, ...this.#parts];
    const accounts = new Set(this.#parts.flatMap(({ serviceAccounts = [] }) => serviceAccounts));
    const secrets = new Map(parts.flatMap(({ secrets: own = [] }) => own).map((secret) => [secret.name, secret]));
    const values = [...parts.flatMap(({ values: own = [] }) => own), ...this.#values];
    return {
      manifests: [
        ...[...accounts].map((name) => serviceAccount(name, this.#scope)),
        ...this.#backends.map(({ spec }) => spec),
        ...this.#policies,
      ],
      secrets: [...secrets.values()],
      values: chartValues(values, secretsNamespace(this.#scope)),
      keys: given.map((key) => this.#lineOf(key)),
      advice: [...new Set([...parts.flatMap(({ advice = [] }) => advice), ...this.#advice])],
      problems: this.#problems,
    };
  }

  #taken(what: string, part: MigratedPart | Unmigrated): MigratedPart | undefined {
    if ('problem' in part) {
      this.fail(what, part.problem);
      return undefined;
    }
    if (!what.startsWith('storage')) this.#parts.push(part);
    return part;
  }

  #isValid(manifest: object, where: string): boolean {
    const parsed = parseManifest(manifest);
    if (parsed.ok) return true;
    for (const { path, message } of parsed.problems) this.fail(where, `left out: ${path} ${message}`);
    return false;
  }

  /** `transparency` and `trustedRoot` of each policy. */
  #witnesses(): object {
    const mode = this.#config.text('transparency.enabled');
    if (mode === 'manual')
      this.advise(
        'transparency.enabled: manual logs the runs with the annotation chains.tekton.dev/transparency-upload; a policy selects runs by label, so nothing is logged: to log some runs, label them, and make a second policy with a selector and spec.transparency',
      );
    if (mode !== 'true') return {};
    const url = this.#config.text('transparency.url');
    this.#values.push({ type: 'Log', url }, ...reach(url));
    return { transparency: { type: 'Rekor', rekor: { url, apiVersion: 1 } }, trustedRoot: this.#trustedRoot(url) };
  }

  #trustedRoot(log: string): object {
    const mirror = this.#config.text('signers.x509.tuf.mirror.url');
    const isPublic = this.#isDefault('signers.x509.tuf.mirror.url');
    const isOwnFulcio = this.#config.uses('fulcio') && !this.#isDefault('signers.x509.fulcio.address');
    const place = secretsNamespace(this.#scope);
    if (isPublic && (isOwnFulcio || !this.#isDefault('transparency.url'))) {
      this.advise(
        `trustedRoot: create ConfigMap ${place}/chains-trusted-root with a trusted_root.json that holds the keys of ${log} and of your Fulcio (docs/transparency.md)`,
      );
      return { type: 'ConfigMap', configMap: { name: 'chains-trusted-root' } };
    }
    if (isPublic) return { type: 'TUF', tuf: { mirror } };
    this.#values.push(...reach(mirror));
    this.advise(
      `trustedRoot: create ConfigMap ${place}/chains-tuf-root with the first root.json of ${mirror}, which you have checked: Chains trusts what it downloads`,
    );
    return { type: 'TUF', tuf: { mirror, rootRef: { name: 'chains-tuf-root' } } };
  }

  #isDefault(key: ChainsKeyName): boolean {
    const [value, fallback] = [this.#config.text(key), chainsKeys[key].fallback].map((url) => url.replace(/\/+$/, ''));
    return value === fallback;
  }

  #lineOf(key: ChainsKeyName): KeyLine {
    const { outcome, becomes }: ChainsKey = chainsKeys[key];
    if (key === 'transparency.url' && this.#config.text('transparency.enabled') === 'manual')
      return { key, outcome: 'ByHand', text: 'spec.transparency.rekor.url of the second policy: see the note below' };
    if (!this.#config.isInUse(key))
      return { key, outcome: 'Unused', text: 'Chains does not use it with the other settings' };
    if (key === 'transparency.enabled' && this.#config.text(key) === 'manual')
      return { key, outcome: 'ByHand', text: 'manual has no counterpart, and nothing is logged: see the note below' };
    return { key, outcome, text: becomes };
  }

  #kind(kind: 'SigningPolicy' | 'StorageBackend'): string {
    return this.#scope.namespace === undefined ? `Cluster${kind}` : kind;
  }

  #manifest(kind: 'SigningPolicy' | 'StorageBackend', name: string, spec: object): object {
    const { namespace } = this.#scope;
    const metadata = { name, ...(namespace === undefined ? {} : { namespace }) };
    return { apiVersion: API_VERSION, kind: this.#kind(kind), metadata, spec };
  }
}

function serviceAccount(name: string, scope: MigrationScope): object {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: secretsNamespace(scope) } };
}
