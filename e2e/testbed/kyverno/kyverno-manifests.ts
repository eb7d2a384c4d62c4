// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { field } from '../../../src/json/fields.ts';

/** The groups of kinds whose CRDs the admission controller waits for. */
const GROUPS = ['kyverno', 'policies.kyverno.io', 'policyreport', 'reports'];
/** Kinds that only other controllers of Kyverno need, or that a node would have to run. */
const UNUSED: ReadonlySet<unknown> = new Set(['CustomResourceDefinition', 'Deployment', 'Job', 'CronJob']);

/** The files with the CRDs of a Kyverno module. */
export function kyvernoDefinitions(module: string): readonly string[] {
  return GROUPS.flatMap((group) => {
    const folder = join(module, 'config', 'crds', group);
    return readdirSync(folder).map((name) => join(folder, name));
  });
}

/**
 * Namespace, ServiceAccounts, roles, ConfigMaps and Service of a Kyverno module, with a Deployment of no replicas: the controller enters
 * it as the owner of its webhooks.
 */
export function kyvernoManifests(module: string): readonly object[] {
  const install = readFileSync(join(module, 'config', 'install-latest-testing.yaml'), 'utf8');
  // The CRDs are 99 of 100 lines of the file: they are left out unparsed.
  const parts = install.split(/^---$/m).filter((part) => !/^kind: CustomResourceDefinition$/m.test(part));
  const objects = parts.map((part): unknown => parse(part)).filter((object) => isObject(object));
  return [...objects.filter((object) => !UNUSED.has(field(object, 'kind'))), deployment];
}

const labels = { 'app.kubernetes.io/component': 'admission-controller', 'app.kubernetes.io/part-of': 'kyverno' };
const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'kyverno-admission-controller', namespace: 'kyverno', labels },
  spec: {
    replicas: 0,
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [{ name: 'kyverno', image: 'testbed.invalid/kyverno' }] } },
  },
};

function isObject(value: unknown): value is object {
  return value !== null && typeof value === 'object';
}
