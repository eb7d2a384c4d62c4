// SPDX-License-Identifier: Apache-2.0
import { valueTree } from './value-tree.ts';
import { values } from './values.ts';
import { valuesSchema } from './values-schema.ts';
import { valuesTable } from './values-table.ts';
import { valuesYaml } from './values-yaml.ts';
import { betweenMarkers } from '../between-markers.ts';

/**
 * Generate the chart's values, their schema, and their table in docs/install.md and in the README of the chart.
 *
 * @param read reads a page of the checkout by its path
 */
export function chartFiles(read: (path: string) => string): ReadonlyMap<string, string> {
  const tree = valueTree(values);
  const pages = ['docs/install.md', 'helm/hallmark/README.md'];
  return new Map([
    ['helm/hallmark/values.yaml', valuesYaml(tree)],
    ['helm/hallmark/values.schema.json', valuesSchema(values)],
    ...pages.map((page) => [page, betweenMarkers(read(page), 'values', valuesTable(tree))] as const),
  ]);
}
