// SPDX-License-Identifier: Apache-2.0
import { goJson } from '../../tekton/go/encode-json.ts';
import type { Encodable } from '../../tekton/go/encode-json.ts';
import type { ResourceDescriptor } from './resource-descriptor.ts';

/** A by-product whose content is a JSON value, written as Go writes it. */
export function jsonByProduct(name: string, value: Encodable): ResourceDescriptor {
  return { name, content: Buffer.from(goJson(value)).toString('base64'), mediaType: 'application/json' };
}
