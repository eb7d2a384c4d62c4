// SPDX-License-Identifier: Apache-2.0
import type { Resource } from './resource.ts';

const asItIs = (object: unknown): unknown => object;

/** Definitions of kinds, unparsed. */
export const DEFINITIONS: Resource<unknown> = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
  parse: asItIs,
};

/** Deployments, unparsed. */
export const DEPLOYMENTS: Resource<unknown> = {
  group: 'apps',
  version: 'v1',
  plural: 'deployments',
  kind: 'Deployment',
  namespaced: true,
  parse: asItIs,
};

/** Bindings of admission policies, unparsed: a policy without one checks nothing. */
export const ADMISSION_BINDINGS: Resource<unknown> = {
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  plural: 'validatingadmissionpolicybindings',
  kind: 'ValidatingAdmissionPolicyBinding',
  namespaced: false,
  parse: asItIs,
};

/** Questions about the rights of others. The API server answers them, and stores nothing. */
export const ACCESS_REVIEWS: Resource<unknown> = {
  group: 'authorization.k8s.io',
  version: 'v1',
  plural: 'subjectaccessreviews',
  kind: 'SubjectAccessReview',
  namespaced: false,
  parse: asItIs,
};
