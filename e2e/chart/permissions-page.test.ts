// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { checkout } from '../harness/installation.ts';
import { at, listAt, manifests, titleOf } from './helm.ts';

type Rights = Readonly<Record<string, readonly string[]>>;

const strings = (value: readonly unknown[]): readonly string[] => value.map(String);

/** `verb resource` of each rule of one role; `own` for rules that name their objects. */
function rightsOf(role: unknown): readonly string[] {
  return listAt(role, 'rules').flatMap((rule) =>
    strings(listAt(rule, 'resources')).flatMap((resource) =>
      strings(listAt(rule, 'verbs')).map(
        (verb) => `${verb} ${resource}${at(rule, 'resourceNames') === undefined ? '' : ' by name'}`,
      ),
    ),
  );
}

async function roles(entries: readonly string[], title: string): Promise<readonly string[]> {
  const found = (await manifests(entries)).find((manifest) => titleOf(manifest) === title);
  assert.ok(found, `${title} is there`);
  return rightsOf(found);
}

async function chartRights(): Promise<Rights> {
  const watched = await roles(['watchNamespaces=["team-a"]'], 'Role/team-a/hallmark-system-hallmark');
  const cluster = await roles([], 'ClusterRole/hallmark-system-hallmark');
  const tokens = ['tokens.serviceAccounts={"team-a":["signer"]}'];
  return {
    'watched namespaces': watched.toSorted(),
    'cluster-wide installations': cluster.filter((right) => !watched.includes(right)).toSorted(),
    'listed namespaces': (await roles(tokens, 'Role/team-a/hallmark-system-hallmark-tokens')).toSorted(),
    'its own namespace': (await roles(['rbac.recordNotes=true'], 'Role/hallmark-system/hallmark-own')).toSorted(),
  };
}

/** The same of the table in docs/security.md. */
function pageRights(): Rights {
  const page = readFileSync(join(checkout, 'docs', 'security.md'), 'utf8');
  const [, table = ''] = /^\| where +\| on .*\n\|[- |]+\n((?:\|.*\n)+)/m.exec(page) ?? [];
  const rights: Record<string, string[]> = {};
  for (const line of table.trimEnd().split('\n')) {
    const [, where = '', on = '', verbs = ''] = line.split('|').map((cell) => cell.trim());
    const [first = '', ...others] = [...on.matchAll(/`([a-z/-]+)`/g)].map(([, name = '']) => name);
    const isByName = where === 'listed namespaces' || / named | by name/.test(on);
    const resources = isByName ? [`${first} by name`] : [first, ...others];
    const found = resources.flatMap((resource) => verbs.split(', ').map((verb) => `${verb} ${resource}`));
    rights[where] = [...(rights[where] ?? []), ...found].toSorted();
  }
  return rights;
}

it('docs/security.md lists every permission that the chart gives the operator, and no other', async () => {
  assert.deepEqual(pageRights(), await chartRights());
});
