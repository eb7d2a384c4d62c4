// SPDX-License-Identifier: Apache-2.0
import { GROUP, VERSION } from '../../src/api/v1alpha1/group-version.ts';
import { kinds } from '../../src/api/v1alpha1/kinds.ts';
import type { Column, KindPage } from './kind-page.ts';
import { rootNode } from './root-node.ts';
import { structuralSchema } from './structural-schema.ts';

/** The CustomResourceDefinition of a kind. */
export function crd(page: KindPage) {
  const { plural, shortName, namespaced } = kinds[page.kind];
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP,
      names: {
        kind: page.kind,
        listKind: `${page.kind}List`,
        plural,
        singular: page.kind.toLowerCase(),
        shortNames: [shortName],
        categories: ['hallmark'],
      },
      scope: namespaced ? 'Namespaced' : 'Cluster',
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: openAPISchema(page) },
          subresources: { status: {} },
          additionalPrinterColumns: page.columns.map(printerColumn),
          ...(page.selectableFields.length > 0
            ? { selectableFields: page.selectableFields.map((jsonPath) => ({ jsonPath })) }
            : {}),
        },
      ],
    },
  };
}

function openAPISchema(page: KindPage) {
  const schema = structuralSchema(rootNode(page.kind), { path: '', defaults: page.defaults });
  return { description: firstParagraph(page.purpose), ...schema };
}

function printerColumn({ name, type, jsonPath, description, wide }: Column) {
  return { name, type, jsonPath, description, ...(wide === true ? { priority: 1 } : {}) };
}

function firstParagraph(text: string): string {
  const [first = ''] = text.split('\n\n');
  return first.replaceAll('\n', ' ').replaceAll('`', '');
}
