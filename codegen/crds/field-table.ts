// SPDX-License-Identifier: Apache-2.0
import type { KindPage } from './kind-page.ts';
import type { SchemaNode } from './schema-node.ts';

interface Row {
  readonly path: string;
  readonly type: string;
  readonly defaultValue: string;
  readonly bounds: string;
  readonly text: string;
}

/** The Markdown table of the fields below one top-level field of a kind, such as `spec`. */
export function fieldTable(top: string, node: SchemaNode, page: KindPage): string {
  const rows = childRows(node, top, page);
  return [
    '| field | type | default | bounds | |',
    '| --- | --- | --- | --- | --- |',
    ...rows.map(
      ({ path, type, defaultValue, bounds, text }) =>
        `| \`${path}\` | ${type} | ${defaultValue} | ${bounds} | ${text} |`,
    ),
  ].join('\n');
}

function childRows(node: SchemaNode, path: string, page: KindPage): readonly Row[] {
  return [...(node.properties ?? [])].flatMap(([name, child]) => {
    const at = `${path}.${name}`;
    return [row(child, at, { page, required: node.required.includes(name) }), ...grandchildren(child, at, page)];
  });
}

function grandchildren(child: SchemaNode, path: string, page: KindPage): readonly Row[] {
  return child.items === undefined ? childRows(child, path, page) : childRows(child.items, `${path}[]`, page);
}

function row(node: SchemaNode, path: string, { page, required }: { page: KindPage; required: boolean }): Row {
  const value = page.defaults.get(`.${path}`);
  const rules = [...node.rules, ...(node.items?.rules ?? []), ...(node.values?.rules ?? [])].map(
    ({ message }) => message,
  );
  return {
    path,
    type: typeName(node),
    defaultValue: required ? 'required' : value === undefined ? '' : `\`${value}\``,
    bounds: boundsText(node),
    text: escapeCell([node.description ?? '', ...rules.map((message) => `Rule: ${message}.`)].join(' ').trim()),
  };
}

function typeName(node: SchemaNode): string {
  if (node.items !== undefined) return `list of ${typeName(node.items)}`;
  if (node.values !== undefined) return `map to ${typeName(node.values)}`;
  return node.format === 'date-time' ? 'time' : node.type;
}

const boundTexts: Readonly<Record<string, (value: number) => string>> = {
  minLength: (value) => (value === 1 ? 'not empty' : `at least ${String(value)} characters`),
  maxLength: (value) => `≤ ${String(value)} characters`,
  minItems: (value) => (value === 0 ? '' : `at least ${String(value)}`),
  maxItems: (value) => `≤ ${String(value)} entries`,
  maxProperties: (value) => `≤ ${String(value)} entries`,
  minimum: (value) => `≥ ${String(value)}`,
  maximum: (value) => `≤ ${String(value)}`,
};

function boundsText(node: SchemaNode): string {
  const inner = node.items ?? node.values;
  const values = (node.enum ?? inner?.enum ?? []).map((value) => `\`${value}\``).join(', ');
  const own = Object.entries(node.bounds).map(([keyword, value]) => boundTexts[keyword]?.(value) ?? '');
  const each = Object.entries(inner?.bounds ?? {}).map(([keyword, value]) => boundTexts[keyword]?.(value) ?? '');
  const eachText = each.filter((text) => text !== '').join(', ');
  return [values, ...own, eachText === '' ? '' : `each ${eachText}`].filter((text) => text !== '').join('; ');
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('*', '\\*').replaceAll('<', '&lt;');
}
