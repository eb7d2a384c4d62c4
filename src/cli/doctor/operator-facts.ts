// SPDX-License-Identifier: Apache-2.0
import { parseDocument } from 'yaml';
import { listField, objectField, stringField } from '../../json/fields.ts';
import { DEPLOYMENTS } from '../../kube/cluster-resources.ts';
import { CONFIG_MAPS } from '../../kube/core-resources.ts';
import type { KubeClient } from '../../kube/kube-client.ts';
import { seen } from './check.ts';
import { OPERATOR_SELECTOR, type OperatorScope } from './check-operator.ts';

/** The part of an installation that the check of rights depends on. */
export interface OperatorFacts {
  /** The name of the ServiceAccount that the operator runs as; undefined where its Deployment cannot be read. */
  readonly account: string | undefined;
  /** The namespaces that the operator watches; empty for all, and where its configuration cannot be read. */
  readonly watched: readonly string[];
}

/** Reads the operator's Deployment, and the configuration that it mounts. @throws KubeError */
export async function operatorFacts(
  client: Pick<KubeClient, 'find' | 'listAll'>,
  { operatorNamespace: namespace, signal }: Pick<OperatorScope, 'operatorNamespace' | 'signal'>,
): Promise<OperatorFacts> {
  const labelSelector = OPERATOR_SELECTOR;
  const [deployment] = (await seen(client.listAll(DEPLOYMENTS, { namespace, labelSelector, signal }))) ?? [];
  const spec = objectField(objectField(objectField(deployment, 'spec'), 'template'), 'spec');
  const volume = listField(spec, 'volumes').find((each) => stringField(each, 'name') === 'config');
  const name = stringField(objectField(volume, 'configMap'), 'name');
  const data = name === undefined ? undefined : await seen(client.find(CONFIG_MAPS, { namespace, name }, { signal }));
  return { account: stringField(spec, 'serviceAccountName'), watched: watchedIn(data?.['config.yaml']) };
}

function watchedIn(text: string | undefined): readonly string[] {
  if (text === undefined) return [];
  const configuration: unknown = parseDocument(text).toJS();
  return listField(configuration, 'watchNamespaces').filter((name) => typeof name === 'string');
}
