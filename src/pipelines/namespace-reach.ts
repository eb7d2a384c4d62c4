// SPDX-License-Identifier: Apache-2.0
import { isEmptySelector, type LabelSelector, labelSelectorMatches } from '../api/v1alpha1/fields/label-selector.ts';

/** The part of a namespace that cluster kinds select by. */
export interface NamespaceLabels {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * True when a cluster kind reaches a namespace. An absent or empty selector takes every namespace but the operator's own and
 * `kube-*`; any other takes exactly the namespaces that it matches.
 */
export function reachesNamespace(
  selector: LabelSelector | undefined,
  namespace: NamespaceLabels,
  operatorNamespace: string,
): boolean {
  if (isEmptySelector(selector)) return namespace.name !== operatorNamespace && !namespace.name.startsWith('kube-');
  return labelSelectorMatches(selector, namespace.labels);
}
