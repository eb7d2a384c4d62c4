// SPDX-License-Identifier: Apache-2.0

/** Values of `spec.children.notes` of a policy. */
export const noteKinds = ['Memory', 'Recorded'] as const;
