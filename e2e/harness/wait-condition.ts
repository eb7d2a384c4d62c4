// SPDX-License-Identifier: Apache-2.0
import { at, listAt } from '../chart/helm.ts';

/** Decides whether an object meets a condition of `kubectl wait --for=…`. */
export type MeetsCondition = (object: unknown) => boolean;

/**
 * Parses `condition=TYPE[=STATUS]` and `jsonpath={PATH}[=VALUE]`, with paths such as `.status.reason` and
 * `.status.conditions[?(@.type=="Ready")].reason`; undefined for anything else.
 */
export function parseWaitCondition(text: string): MeetsCondition | undefined {
  const [, type, status = 'True'] = /^condition=(\w+)(?:=(\w+))?$/.exec(text) ?? [];
  if (type !== undefined) return (object) => hasCondition(object, type, status);
  const [, path, value] = /^jsonpath=\{(.+?)\}(?:=(.*))?$/s.exec(text) ?? [];
  const steps = path === undefined ? undefined : parsePath(path);
  if (steps === undefined) return undefined;
  return (object) => {
    const actual = steps.reduce<unknown>((node, step) => step(node), object);
    return value === undefined ? actual !== undefined && actual !== '' : String(actual) === value;
  };
}

/** As kubectl decides it: a condition that was observed on an earlier generation does not count. */
function hasCondition(object: unknown, type: string, status: string): boolean {
  const isNamed = (entry: unknown): boolean => String(at(entry, 'type')).toLowerCase() === type.toLowerCase();
  const condition = listAt(object, 'status', 'conditions').find(isNamed);
  const generation = at(object, 'metadata', 'generation');
  const observed = at(condition, 'observedGeneration') ?? at(object, 'status', 'observedGeneration');
  if (typeof generation === 'number' && typeof observed === 'number' && observed < generation) return false;
  return String(at(condition, 'status')).toLowerCase() === status.toLowerCase();
}

type Step = (node: unknown) => unknown;

function parsePath(path: string): readonly Step[] | undefined {
  const part = /\.(\w+)|\[\?\(@\.(\w+)==(?:"([^"]*)"|'([^']*)')\)\]/gy;
  const steps: Step[] = [];
  let end = 0;
  for (const [match, field, key = '', double, single] of path.matchAll(part)) {
    end += match.length;
    if (field !== undefined) steps.push((node) => at(node, field));
    else steps.push((node) => listAt(node).find((entry) => at(entry, key) === (double ?? single)));
  }
  return end === path.length ? steps : undefined;
}
