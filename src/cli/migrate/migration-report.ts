// SPDX-License-Identifier: Apache-2.0
import { YAML_OUTPUT } from '../yaml-output.ts';
import { stringify } from 'yaml';
import type { Migration } from './plan-migration.ts';

/** The manifests as one file of YAML, for `kubectl apply -f -`. */
export function manifestsText({ manifests }: Pick<Migration, 'manifests'>): string {
  return manifests.map((manifest) => `---\n${yaml(manifest)}`).join('');
}

/** The values as a file for `helm upgrade -f`; empty where the defaults do. */
export function valuesText({ values }: Pick<Migration, 'values'>): string {
  return Object.keys(values).length === 0 ? '' : yaml(values);
}

/** The report about each key and about the work that is left, line by line. */
export function reportLines(migration: Migration, namespace: string): readonly string[] {
  const { keys, secrets, advice, problems } = migration;
  const values = valuesText(migration);
  return [
    ...keys.map(({ key, outcome, text }) => `${key}: ${labels[outcome]}${text}`),
    ...secrets.map(
      ({ name, entry, source, isCopied }) =>
        `to do: ${isCopied === true ? 'check' : 'create'} Secret ${namespace}/${name} with ${entry}, from ${source}`,
    ),
    ...(values === ''
      ? []
      : [
          'to do: set these values of the chart (-o values):',
          ...values
            .trimEnd()
            .split('\n')
            .map((line) => `  ${line}`),
        ]),
    ...advice.map((text) => `note: ${text}`),
    ...problems.map(({ key, message }) => `problem: ${key}: ${message}`),
  ];
}

const labels = { Moved: '', ByHand: 'by hand: ', None: 'no counterpart: ', Unused: 'unused: ' } as const;

function yaml(value: object): string {
  return stringify(value, { ...YAML_OUTPUT, singleQuote: true });
}
