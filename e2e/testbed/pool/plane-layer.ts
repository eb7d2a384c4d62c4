// SPDX-License-Identifier: Apache-2.0

/** The things that the suite puts on a control plane before it lends it, in the order in which a test names them. */
export const planeLayers = ['tekton', 'hallmark-kinds', 'tekton-kinds'] as const;

/**
 * `tekton`: Tekton Pipelines, with its CRDs. `hallmark-kinds`: the CRDs in `crds/`. `tekton-kinds`: Tekton's CRDs alone, so that nothing
 * checks runs or works on them.
 */
export type PlaneLayer = (typeof planeLayers)[number];

/** Reads the names of layers; throws on a name that no layer has. */
export function parseLayers(names: readonly unknown[]): readonly PlaneLayer[] {
  return names.map((name) => {
    const layer = planeLayers.find((known) => known === name);
    if (layer === undefined) throw new Error(`no layer of a control plane is called ${String(name)}`);
    return layer;
  });
}

/** The number of layers that two control planes have in common, from the lowest one on. */
export function commonLayers(one: readonly PlaneLayer[], other: readonly PlaneLayer[]): number {
  const differing = one.findIndex((layer, index) => layer !== other[index]);
  return differing === -1 ? one.length : differing;
}
