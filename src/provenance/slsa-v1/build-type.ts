// SPDX-License-Identifier: Apache-2.0
export const slsaBuildType = 'https://tekton.dev/chains/v2/slsa';

/** States labels, annotations and whole TaskRuns in addition to slsaBuildType. */
export const slsaTektonBuildType = 'https://tekton.dev/chains/v2/slsa-tekton';

export const buildTypes = [slsaBuildType, slsaTektonBuildType] as const;

export function isBuildType(buildType: string): boolean {
  return buildTypes.some((candidate) => candidate === buildType);
}
