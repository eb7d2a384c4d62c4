// SPDX-License-Identifier: Apache-2.0

/** The values of `spec.attestation.format`. */
export const formats = ['slsa/v2alpha4', 'slsa/v2alpha3', 'slsa/v1', 'in-toto', 'None'] as const;

/** The values of `spec.attestation.buildType`. */
export const buildTypes = ['https://tekton.dev/chains/v2/slsa', 'https://tekton.dev/chains/v2/slsa-tekton'] as const;
