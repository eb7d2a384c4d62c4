// SPDX-License-Identifier: Apache-2.0
import { isEmptySelector, type LabelSelector, labelSelectorMatches } from '../api/v1alpha1/fields/label-selector.ts';

/** A namespace as cluster kinds select it. */
export interface NamespaceLabels {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * Whether a cluster kind reaches a namespace. A selector that is absent or empty takes every namespace but the operator's
 * own and `kube-*`; one that asks for labels takes exactly what it matches.
 */
export function reachesNamespace(
  selector: LabelSelector | undefined,
  namespace: NamespaceLabels,
  operatorNamespace: string,
): boolean {
  if (isEmptySelector(selector)) return namespace.name !== operatorNamespace && !namespace.name.startsWith('kube-');
  return labelSelectorMatches(selector, namespace.labels);
}
