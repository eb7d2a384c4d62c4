// SPDX-License-Identifier: Apache-2.0
/** The prefix of all annotations and finalizers of Tekton Chains on runs. */
export const CHAINS_PREFIX = 'chains.tekton.dev/';
/** `true` once everything of a run is signed and stored; Chains writes `failed` when it gives up. */
export const CHAINS_SIGNED = `${CHAINS_PREFIX}signed`;
/** The last entry in a log of version 1 that was made for a run. */
export const CHAINS_TRANSPARENCY = `${CHAINS_PREFIX}transparency`;
/** Set by users, to have Chains log a run where its log is `manual`. */
export const CHAINS_TRANSPARENCY_UPLOAD = `${CHAINS_PREFIX}transparency-upload`;
/** The finalizers that Chains sets on every run, and the one of its early releases. */
export const CHAINS_FINALIZERS: ReadonlySet<string> = new Set([
  `${CHAINS_PREFIX}taskrun`,
  `${CHAINS_PREFIX}pipelinerun`,
  'chains.tekton.dev',
]);
