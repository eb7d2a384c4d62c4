// SPDX-License-Identifier: Apache-2.0
import { isEmptySelector } from '../../api/v1alpha1/fields/label-selector.ts';
import { type NamespaceLabels, reachesNamespace } from '../namespace-reach.ts';
import type { Bounds, CeilingDefinition } from './ceiling-definition.ts';

/** The ceilings of the cluster. All that select a namespace hold there together. */
export class Ceilings {
  readonly #operatorNamespace: string;
  readonly #ceilings = new Map<string, CeilingDefinition>();

  constructor(operatorNamespace: string) {
    this.#operatorNamespace = operatorNamespace;
  }

  get isEmpty(): boolean {
    return this.#ceilings.size === 0;
  }

  /** In the order of their names. */
  get all(): readonly CeilingDefinition[] {
    return [...this.#ceilings.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** @returns true when anything changed */
  set(ceiling: CeilingDefinition): boolean {
    const changed = JSON.stringify(this.#ceilings.get(ceiling.name)) !== JSON.stringify(ceiling);
    this.#ceilings.set(ceiling.name, ceiling);
    return changed;
  }

  remove(name: string): boolean {
    return this.#ceilings.delete(name);
  }

  /** @param labels undefined while the labels of the namespace are not known: a ceiling that selects by label may then hold or not */
  in(namespace: string, labels: NamespaceLabels | undefined): Bounds {
    const known = labels ?? { name: namespace, labels: {} };
    const isUncertain =
      labels === undefined && this.all.some(({ namespaceSelector }) => !isEmptySelector(namespaceSelector));
    return { namespace, ceilings: this.all.filter((ceiling) => this.#bounds(ceiling, known)), isUncertain };
  }

  #bounds({ namespaceSelector, isEverywhere }: CeilingDefinition, namespace: NamespaceLabels): boolean {
    return isEverywhere === true || reachesNamespace(namespaceSelector, namespace, this.#operatorNamespace);
  }
}
