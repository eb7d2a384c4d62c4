// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { field } from '../../../src/json/fields.ts';

/** The groups of kinds whose CRDs the admission controller waits for. */
const GROUPS = ['kyverno', 'policies.kyverno.io', 'policyreport', 'reports'];
/** Kinds that only other controllers of Kyverno need, or that a node would have to run. */
const UNUSED: ReadonlySet<unknown> = new Set(['CustomResourceDefinition', 'Deployment', 'Job', 'CronJob']);

/** The kinds that tests make objects of. */
const USED = ['imagevalidatingpolicies', 'namespacedimagevalidatingpolicies'];
/** The schema of a version, as controller-gen writes it. */
const SCHEMA = /^ {4}schema:\n(?: {5,}.*\n|\n)+/gm;
/** Some kinds can be selected by the one field that is named. */
const ANYTHING = `    schema:
      openAPIV3Schema:
        type: object
        x-kubernetes-preserve-unknown-fields: true
        properties:
          spec:
            type: object
            x-kubernetes-preserve-unknown-fields: true
            properties:
              evaluation:
                type: object
                x-kubernetes-preserve-unknown-fields: true
                properties:
                  mode:
                    type: string
`;

/** A CRD of Kyverno. */
interface Definition {
  readonly name: string;
  /** As YAML. */
  readonly text: string;
}

/**
 * The CRDs of a Kyverno module. Those of kinds that no test uses take anything: their schemas are nine tenths of six megabytes, which would
 * take the API server seconds to compile and to publish.
 */
export function kyvernoDefinitions(module: string): readonly Definition[] {
  return GROUPS.flatMap((group) => {
    const folder = join(module, 'config', 'crds', group);
    return readdirSync(folder).map((file) => {
      const [apiGroup = '', plural = ''] = file.replace(/\.yaml$/, '').split('_');
      const text = readFileSync(join(folder, file), 'utf8');
      return { name: `${plural}.${apiGroup}`, text: USED.includes(plural) ? text : withoutSchema(text) };
    });
  });
}

function withoutSchema(definition: string): string {
  const text = definition.replaceAll(SCHEMA, ANYTHING);
  if (text === definition) throw new Error('a CRD of Kyverno has no schema where it was expected');
  return text;
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
