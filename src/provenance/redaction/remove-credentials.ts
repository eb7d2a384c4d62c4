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
  /** Where user info stood, one sentence each; the same run when there are none. */
  readonly warnings: readonly string[];
}

/**
 * The run and its children without the user info of URLs, wherever one stands: a statement and an entry in a log cannot be
 * taken back. Nothing else changes. What a query holds stays: no rule tells a token there from what is asked for.
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
    ...(object === undefined ? {} : { object: cleanObject(object, warnings) }),
    ...(nested === undefined ? {} : { nested: cleanRun(nested, warnings) }),
  };
}

function cleanObject<R extends Run>(run: R, warnings: string[]): R {
  const found: string[] = [];
  const node = cleanMap(run.node, '', found);
  for (const place of found) {
    const text = `user info of a URL in ${quoted(place)} of ${run.kind} ${run.name} is left out: replace that credential`;
    warnings.push(warning('CredentialRemoved', text));
  }
  return found.length === 0 ? run : withNode(run, node);
}

/** The same map where nothing in it changes. */
function cleanMap(node: JsonMap, place: string, found: string[]): JsonMap {
  const before = found.length;
  const cleaned = new Map(
    [...node].map(([key, member]): [string, JsonNode] => [key, cleanNode(member, `${place}.${key}`, found)]),
  );
  return found.length === before ? node : cleaned;
}

function cleanNode(node: JsonNode, place: string, found: string[]): JsonNode {
  if (typeof node === 'string') {
    const text = withoutUserInfo(node);
    if (text !== node) found.push(place.slice(1));
    return text;
  }
  if (isMap(node)) return cleanMap(node, place, found);
  if (!isList(node)) return node;
  return node.map((entry, index) => {
    const name = isMap(entry) ? textAt(entry, 'name') : '';
    return cleanNode(entry, `${place}[${name === '' ? index : name}]`, found);
  });
}
