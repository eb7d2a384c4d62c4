// SPDX-License-Identifier: Apache-2.0
import { warning } from '../../api/v1alpha1/warning.ts';
import type { ChildRun, FinishedRun } from '../../tekton/finished-run.ts';
import { isList, isMap, textAt } from '../../tekton/go/json-node.ts';
import type { JsonMap, JsonNode } from '../../tekton/go/json-node.ts';
import { quoted } from '../../tekton/quoted.ts';
import { withNode } from '../../tekton/run.ts';
import type { Run } from '../../tekton/run.ts';
import { withoutUserInfo } from '../../tekton/user-info.ts';

export interface CleanRun {
  readonly run: FinishedRun;
  /** The paths of removed user info, one sentence each; the run is unchanged when there are none. */
  readonly warnings: readonly string[];
}

/**
 * Remove the user info from every URL in the run and its children: a statement and a log entry cannot be taken back.
 * Nothing else changes. Query strings stay: no rule tells a token from a parameter there.
 */
export function removeCredentials(run: FinishedRun): CleanRun {
  const warnings: string[] = [];
  return { run: cleanRun(run, warnings), warnings };
}

function cleanRun(run: FinishedRun, warnings: string[]): FinishedRun {
  return {
    ...run,
    object: cleanObject(run.object, warnings),
    children: run.children.map((child) => cleanChild(child, warnings)),
  };
}

function cleanChild(child: ChildRun, warnings: string[]): ChildRun {
  const { object, nested } = child;
  return {
    ...child,
    object: object && cleanObject(object, warnings),
    nested: nested && cleanRun(nested, warnings),
  };
}

function cleanObject<R extends Run>(run: R, warnings: string[]): R {
  if (!holdsUserInfo(run.node)) return run;
  const paths: string[] = [];
  const node = cleanMap(run.node, '', paths);
  for (const path of paths) {
    const text = `user info of a URL in ${quoted(path)} of ${run.kind} ${run.name} is left out: replace that credential`;
    warnings.push(warning('CredentialRemoved', text));
  }
  return withNode(run, node);
}

/** Few runs do, and copying one takes memory. */
function holdsUserInfo(node: JsonNode): boolean {
  if (typeof node === 'string') return withoutUserInfo(node) !== node;
  if (isList(node)) return node.some(holdsUserInfo);
  if (!isMap(node)) return false;
  for (const member of node.values()) if (holdsUserInfo(member)) return true;
  return false;
}

/** Return the same map when nothing in it changes. */
function cleanMap(node: JsonMap, path: string, paths: string[]): JsonMap {
  const before = paths.length;
  const cleaned = new Map(
    [...node].map(([key, member]): [string, JsonNode] => [key, cleanNode(member, `${path}.${key}`, paths)]),
  );
  return paths.length === before ? node : cleaned;
}

function cleanNode(node: JsonNode, path: string, paths: string[]): JsonNode {
  if (typeof node === 'string') {
    const text = withoutUserInfo(node);
    if (text !== node) paths.push(path.slice(1));
    return text;
  }
  if (isMap(node)) return cleanMap(node, path, paths);
  if (!isList(node)) return node;
  return node.map((entry, index) => {
    const name = isMap(entry) ? textAt(entry, 'name') : '';
    return cleanNode(entry, `${path}[${name === '' ? index : name}]`, paths);
  });
}
