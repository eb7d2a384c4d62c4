// SPDX-License-Identifier: Apache-2.0
import { kinds } from '../../src/api/v1alpha1/kinds.ts';
import { fieldTable } from './field-table.ts';
import type { KindPage } from './kind-page.ts';
import { rootNode } from './root-node.ts';

/** Write the page of a kind under docs/api: its purpose, an example, its fields, its conditions, its reasons. */
export function kindMarkdown(page: KindPage): string {
  const { plural, shortName, namespaced } = kinds[page.kind];
  const { properties } = rootNode(page.kind);
  const tops = ['spec', 'evidence', 'status'].flatMap((name) => {
    const node = properties?.get(name);
    return node === undefined ? [] : [{ name, node }];
  });
  return [
    `# ${page.kind}`,
    `\`${plural}.hallmark.dev\`, version \`v1alpha1\`, ${namespaced ? 'namespaced' : 'cluster-scoped'}, short name \`${shortName}\`, category \`hallmark\`.`,
    '## What it is for',
    page.purpose,
    '## Example',
    `\`\`\`yaml\n${page.example}\`\`\``,
    ...tops.flatMap(({ name, node }) => [`## Fields of ${name}`, node.description ?? '', fieldTable(name, node, page)]),
    ...selecting(page),
    '## Conditions',
    table(
      ['type', 'True means'],
      page.conditions.map(({ type, meaning }) => [`\`${type}\``, meaning]),
    ),
    '## Reasons',
    `${page.reasons.map((reason) => `[\`${reason}\`](../reasons.md#${reason.toLowerCase()})`).join(', ')}.`,
  ].join('\n\n');
}

function selecting({ selectableFields, kind }: KindPage): readonly string[] {
  if (selectableFields.length === 0) return [];
  const fields = selectableFields.map((path) => `\`${path.slice(1)}\``).join(', ');
  return ['## Selecting', `\`kubectl get ${kinds[kind].plural} --field-selector\` takes ${fields}.`];
}

/** A Markdown table. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
