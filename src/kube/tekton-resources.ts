// SPDX-License-Identifier: Apache-2.0
import type { RunKind } from '../api/v1alpha1/kinds.ts';
import type { Resource } from './resource.ts';

const asItIs = (object: unknown): unknown => object;

/** Tekton's runs as the API serves them; what is read of them is up to src/tekton/. */
export const runResources: { readonly [Kind in RunKind]: Resource<unknown> } = {
  TaskRun: { group: 'tekton.dev', version: 'v1', plural: 'taskruns', kind: 'TaskRun', namespaced: true, parse: asItIs },
  PipelineRun: {
    group: 'tekton.dev',
    version: 'v1',
    plural: 'pipelineruns',
    kind: 'PipelineRun',
    namespaced: true,
    parse: asItIs,
  },
};

/** Custom tasks, which stay in v1beta1. */
export const customRunResource: Resource<unknown> = {
  group: 'tekton.dev',
  version: 'v1beta1',
  plural: 'customruns',
  kind: 'CustomRun',
  namespaced: true,
  parse: asItIs,
};
