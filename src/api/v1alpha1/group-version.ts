// SPDX-License-Identifier: Apache-2.0
/** The API group of every Hallmark kind. */
export const GROUP = 'hallmark.dev';

/** The only version, served and stored. */
export const VERSION = 'v1alpha1';

/** The `apiVersion` of manifests. */
export const API_VERSION = `${GROUP}/${VERSION}` as const;
