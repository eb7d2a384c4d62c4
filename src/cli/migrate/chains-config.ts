// SPDX-License-Identifier: Apache-2.0
import { type ChainsKey, type ChainsKeyName, chainsKeys, type ChainsPart, isChainsKey } from './chains-keys.ts';

/** A value that cannot be migrated as it stands. */
export interface ConfigProblem {
  readonly key: string;
  readonly message: string;
}

const TRUE = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

/** Chains' configuration, with its defaults. */
export class ChainsConfig {
  /** The keys that the ConfigMap sets. */
  readonly given: readonly ChainsKeyName[];
  readonly problems: readonly ConfigProblem[];
  readonly #data: Readonly<Record<string, string>>;

  /** @param data the data of the ConfigMap, without its example */
  constructor(data: Readonly<Record<string, string>>) {
    this.#data = data;
    this.given = Object.keys(data).filter(isChainsKey);
    this.problems = Object.entries(data).flatMap(([key, value]) => problemsOf(key, value));
  }

  /** The value in effect: as Chains does, an empty text replaces a default, and a value that it cannot read does not. */
  text(key: ChainsKeyName): string {
    const { form, values, fallback }: ChainsKey = chainsKeys[key];
    const value = this.#data[key] ?? fallback;
    if (form === 'Boolean') return TRUE.has(value) || FALSE.has(value) ? value : fallback;
    return form === undefined && values?.includes(value) === false ? fallback : value;
  }

  flag(key: ChainsKeyName): boolean {
    return TRUE.has(this.text(key));
  }

  /** The elements of a set, in order and without those that Chains refuses. */
  set(key: ChainsKeyName): readonly string[] {
    const { values }: ChainsKey = chainsKeys[key];
    const elements = elementsOf(this.text(key)).filter((element) => values?.includes(element) !== false);
    return [...new Set(elements)].filter((element) => element !== '').toSorted();
  }

  /** True when this configuration uses the part of Chains that the key belongs to. */
  isInUse(key: ChainsKeyName): boolean {
    const { part }: ChainsKey = chainsKeys[key];
    return part === undefined || this.uses(part);
  }

  uses(part: ChainsPart): boolean {
    switch (part) {
      case 'kms':
        return artifacts.some((artifact) => this.isEnabled(artifact) && this.signerOf(artifact) === 'kms');
      case 'fulcio':
        return (
          this.flag('signers.x509.fulcio.enabled') &&
          artifacts.some((artifact) => this.isEnabled(artifact) && this.signerOf(artifact) === 'x509')
        );
      case 'vault':
        return this.uses('kms') && /^(hashivault|openbao):/.test(this.text('signers.kms.kmsref'));
      case 'vaultToken':
        return this.uses('vault') && !this.uses('vaultRole');
      case 'vaultRole':
        return this.uses('vault') && this.#logsInByRole();
      case 'roots':
        return this.uses('fulcio') || this.uses('transparency');
      case 'transparency':
        return this.text('transparency.enabled') === 'true';
      default:
        return artifacts.some((artifact) => this.isEnabled(artifact) && this.storagesOf(artifact).includes(part));
    }
  }

  /** As in Chains, which takes a token where there is one, and logs in only with both a path and a role. */
  #logsInByRole(): boolean {
    const isSet = (key: ChainsKeyName): boolean => this.text(key) !== '';
    const hasToken = isSet('signers.kms.auth.token') || isSet('signers.kms.auth.token-path');
    return !hasToken && isSet('signers.kms.auth.oidc.path') && isSet('signers.kms.auth.oidc.role');
  }

  /** As in Chains, an artifact is made when it has a signer and a storage. */
  isEnabled(artifact: ChainsArtifact): boolean {
    return this.signerOf(artifact) !== 'none' && this.storagesOf(artifact).length > 0;
  }

  signerOf(artifact: ChainsArtifact): 'x509' | 'kms' | 'none' {
    const signer = this.text(`artifacts.${artifact}.signer`);
    return signer === 'kms' || signer === 'none' ? signer : 'x509';
  }

  storagesOf(artifact: ChainsArtifact): readonly string[] {
    return this.set(`artifacts.${artifact}.storage`);
  }
}

const artifacts = ['taskrun', 'pipelinerun', 'oci'] as const;
/** The kinds of artifacts of Chains. */
export type ChainsArtifact = (typeof artifacts)[number];

function elementsOf(value: string): readonly string[] {
  return value.split(',').map((element) => element.trim());
}

function problemsOf(key: string, value: string): readonly ConfigProblem[] {
  if (key === '_example') return [];
  if (!isChainsKey(key)) {
    const similar = Object.keys(chainsKeys).find((known) => known.replaceAll(/[-_.]/g, '') === normalised(key));
    const hint = similar === undefined ? 'remove it, or correct its name' : `you may mean ${similar}`;
    return [{ key, message: `Chains knows no such key and ignores it: ${hint}` }];
  }
  const { form, values }: ChainsKey = chainsKeys[key];
  if (form === 'Boolean' && !TRUE.has(value) && !FALSE.has(value))
    return [{ key, message: `"${value}" is neither true nor false, so Chains ignores it: set true or false` }];
  if (key === 'transparency.enabled' && !['', 'true', 'false', 'manual'].includes(value))
    return [{ key, message: `Chains takes "${value}" for off: set true, false or manual` }];
  const given = form === 'Set' ? (value === '' ? [] : elementsOf(value)) : [value];
  const wrong = values === undefined ? [] : given.filter((element) => !values.includes(element));
  return [...new Set(wrong)].map((element) => ({
    key,
    message: `Chains refuses "${element}": set ${form === 'Set' ? 'a list of ' : ''}${(values ?? []).filter((one) => one !== '').join(', ')}`,
  }));
}

function normalised(key: string): string {
  return key.toLowerCase().replaceAll(/[-_.]/g, '');
}
