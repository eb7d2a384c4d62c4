// SPDX-License-Identifier: Apache-2.0
import { GROUP, VERSION } from '../api/v1alpha1/group-version.ts';
import { type KindName, kinds } from '../api/v1alpha1/kinds.ts';
import type { Resource } from './resource.ts';

/** One of our kinds as the API serves it. Objects come as they are: each controller parses its own. */
export function hallmarkResource(kind: KindName): Resource<unknown> {
  const { plural, namespaced } = kinds[kind];
  return { group: GROUP, version: VERSION, plural, kind, namespaced, parse: (object) => object };
}
