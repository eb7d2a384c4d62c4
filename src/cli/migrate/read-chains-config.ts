// SPDX-License-Identifier: Apache-2.0
import { field, listField, objectField, stringField } from '../../json/fields.ts';
import { UsageError } from '../cli-error.ts';
import type { ConfigProblem } from './chains-config.ts';
import type { KeyLine } from './plan-migration.ts';
import { operatorFields } from './tekton-operator-fields.ts';

/** The configuration of Chains in a file. */
export interface ChainsConfigFile {
  readonly data: Readonly<Record<string, string>>;
  /** The namespace that Chains runs in, where the file says so. */
  readonly namespace?: string;
  /** The settings of the Tekton operator other than the keys of the ConfigMap; absent for a ConfigMap. */
  readonly operator?: OperatorFields;
}

/** Tells the fate of the settings of the Tekton operator. */
export interface OperatorFields {
  readonly lines: readonly KeyLine[];
  readonly problems: readonly ConfigProblem[];
}

/**
 * Finds Chains' configuration in the documents of a file: its ConfigMap, a List with it, or the TektonConfig or TektonChain of the Tekton
 * operator. @param file names the file in messages @throws UsageError unless there is exactly one, and all its values are texts
 */
export function readChainsConfig(file: string, documents: readonly unknown[]): ChainsConfigFile {
  const objects = documents.flatMap((document) =>
    listField(document, 'items').length > 0 ? listField(document, 'items') : [document],
  );
  const configMaps = objects.filter((object) => field(object, 'kind') === 'ConfigMap');
  const named = configMaps.filter((object) => stringField(objectField(object, 'metadata'), 'name') === 'chains-config');
  const found = [
    ...(named.length > 0 ? named : configMaps).map((object) => ofConfigMap(file, object)),
    ...objects.flatMap((object) => ofTektonOperator(file, object) ?? []),
  ];
  const [only] = found;
  if (only === undefined)
    throw new UsageError(
      `${file} holds no ConfigMap chains-config, and no TektonConfig or TektonChain of the Tekton operator`,
    );
  if (found.length > 1) throw new UsageError(`${file} holds more than one configuration of Chains: give one`);
  return only;
}

function ofConfigMap(file: string, object: unknown): ChainsConfigFile {
  const namespace = stringField(objectField(object, 'metadata'), 'namespace');
  const data: unknown = field(object, 'data') ?? {};
  if (typeof data !== 'object' || data === null || Array.isArray(data))
    throw new UsageError(`${file}: data of the ConfigMap is no map of keys and values`);
  const [unquoted] = Object.entries(data).find(([, value]) => isScalar(value)) ?? [];
  // YAML reads "n" as false: the API server takes such a ConfigMap no more than this command does.
  if (unquoted !== undefined) throw new UsageError(`${file}: the value of ${unquoted} is no text: put it in quotes`);
  return { data: texts(file, objectField(object, 'data')), ...(namespace === undefined ? {} : { namespace }) };
}

/** The operator's kinds hold the keys of the ConfigMap as fields; most fields without a dot are settings of the operator. */
function ofTektonOperator(file: string, object: unknown): ChainsConfigFile | undefined {
  const kind = field(object, 'kind');
  if (kind !== 'TektonConfig' && kind !== 'TektonChain') return undefined;
  const spec = objectField(object, 'spec');
  const data = kind === 'TektonConfig' ? objectField(spec, 'chain') : spec;
  const namespace = stringField(spec, 'targetNamespace');
  const isKey = ([key]: readonly [string, unknown]): boolean => key.includes('.');
  const keys = Object.entries(data).filter(isKey);
  const others = Object.entries(data).filter((entry) => !isKey(entry));
  return {
    data: texts(file, Object.fromEntries(keys)),
    operator: operatorFields(others),
    ...(namespace === undefined ? {} : { namespace }),
  };
}

/** True for a number, a boolean and nothing, which are no texts but look like one. */
function isScalar(value: unknown): boolean {
  return value === null || typeof value === 'number' || typeof value === 'boolean';
}

/** @throws UsageError for a list or an object, which would be lost */
function texts(file: string, data: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const given = Object.entries(data).filter(([, value]) => value !== null);
  const other = given.find(([, value]) => typeof value === 'object');
  if (other !== undefined)
    throw new UsageError(`${file}: the value of ${other[0]} is not a text: write it as Chains reads it`);
  return Object.fromEntries(given.map(([key, value]) => [key, String(value)]));
}
