// SPDX-License-Identifier: Apache-2.0
// The base class requires `@kubernetes/client-node`, which this import has reduced to what is used of it.
import '../kube/kube-config.ts';

const { default: package_ } = await import('@dot-i/k8s-operator');

/** The base class of `@dot-i/k8s-operator`. */
export const Operator = package_.default;
