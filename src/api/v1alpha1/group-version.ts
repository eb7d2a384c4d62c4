// SPDX-License-Identifier: Apache-2.0
/** The API group of every kind of Hallmark. */
export const GROUP = 'hallmark.dev';

/** The one version served and stored. */
export const VERSION = 'v1alpha1';

/** What manifests carry as `apiVersion`. */
export const API_VERSION = `${GROUP}/${VERSION}` as const;
