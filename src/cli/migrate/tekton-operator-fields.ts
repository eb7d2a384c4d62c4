// SPDX-License-Identifier: Apache-2.0
import { listField, stringField } from '../../json/fields.ts';
import type { KeyLine } from './plan-migration.ts';
import type { OperatorFields } from './read-chains-config.ts';

type Become = Pick<KeyLine, 'outcome' | 'text'>;

const HELM = 'the same settings are values of the chart (docs/install.md)';

/** The settings of the Tekton operator for Chains, other than the keys of the ConfigMap. */
const fields: Readonly<Record<string, Become>> = {
  targetNamespace: { outcome: 'None', text: 'the chart is installed where helm is told to' },
  config: { outcome: 'ByHand', text: `node selector, tolerations and priority class: ${HELM}` },
  disabled: {
    outcome: 'None',
    text: 'it decides if the operator installs Chains: set it to true once you have switched',
  },
  generateSigningSecret: {
    outcome: 'ByHand',
    text: 'with true, the operator made the key in Secret signing-secrets: copy it (--copy-secrets)',
  },
  performance: {
    outcome: 'ByHand',
    text: `replicas, threads and rates of requests: replicas and config.concurrency of the chart`,
  },
  options: {
    outcome: 'ByHand',
    text: `changes of Chains' own manifests: ${HELM}. Keys that it sets in ConfigMap chains-config are not read here: migrate the ConfigMap of the cluster instead`,
  },
};

/** The variables of Chains that replace a setting. */
const variables: Readonly<Record<string, Become>> = {
  MONGO_SERVER_URL: { outcome: 'ByHand', text: 'the Secret that mongodb.connectionSecretRef of the backend names' },
  AWS_REGION: { outcome: 'ByHand', text: 'hallmark migrate --aws-region for DynamoDB' },
  COSIGN_DOCKER_MEDIA_TYPES: { outcome: 'None', text: 'manifests have OCI media types' },
};

const OTHER_VARIABLE: Become = { outcome: 'ByHand', text: 'if Hallmark needs it too: env of the chart' };

/** A line for each setting, which shows no value, and a problem for each that is not known. */
export function operatorFields(entries: readonly (readonly [key: string, value: unknown])[]): OperatorFields {
  const given = entries.filter(([, value]) => value !== null);
  return {
    lines: given.flatMap(([key, value]) =>
      key === 'controllerEnvs' ? variableLines(value) : lineOf(key, fields[key]),
    ),
    problems: given
      .filter(([key]) => key !== 'controllerEnvs' && !Object.hasOwn(fields, key))
      .map(([key]) => ({
        key,
        message: 'this version knows no such setting of the Tekton operator: see if it changes what Chains signs',
      })),
  };
}

function variableLines(value: unknown): readonly KeyLine[] {
  return listField({ value }, 'value').flatMap((variable) => {
    const name = stringField(variable, 'name') ?? '(without a name)';
    const become = Object.hasOwn(variables, name) ? variables[name] : OTHER_VARIABLE;
    return lineOf(`controllerEnvs ${name}`, become);
  });
}

function lineOf(key: string, become: Become | undefined): readonly KeyLine[] {
  return become === undefined ? [] : [{ key, ...become }];
}
