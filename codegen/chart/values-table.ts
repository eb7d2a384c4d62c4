// SPDX-License-Identifier: Apache-2.0
import type { ValueNode } from './value-tree.ts';

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function rows(node: ValueNode): readonly string[] {
  if (node.kind === 'group') return node.children.flatMap((child) => rows(child));
  return [`| \`${node.path.join('.')}\` | \`${cell(JSON.stringify(node.value))}\` | ${cell(node.description)} |`];
}

/** The Markdown table of docs/install.md: one row per value. */
export function valuesTable(tree: ValueNode): string {
  return ['| value | default | what it does |', '| --- | --- | --- |', ...rows(tree)].join('\n');
}
