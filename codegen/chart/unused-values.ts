// SPDX-License-Identifier: Apache-2.0
import type { ValueNode } from './value-tree.ts';

/**
 * List the values that no template reads. A value counts as read when a template names it or a group around it (`toYaml
 * .Values.config`).
 */
export function unusedValues(tree: ValueNode, templates: string): readonly string[] {
  const read = new Set([...templates.matchAll(/\.Values\.([\w.]+)/g)].map(([, path = '']) => path));
  const isRead = (path: readonly string[]): boolean =>
    path.some((_, index) => read.has(path.slice(0, index + 1).join('.')));
  const leaves = (node: ValueNode): readonly ValueNode[] =>
    node.kind === 'group' ? node.children.flatMap((child) => leaves(child)) : [node];
  return leaves(tree)
    .filter(({ path }) => !isRead(path))
    .map(({ path }) => path.join('.'));
}
