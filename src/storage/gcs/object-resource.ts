// SPDX-License-Identifier: Apache-2.0
import { tryParseJson } from '../../json/try-parse-json.ts';
import type { EgressResponse } from '../../net/egress-client.ts';
import { field } from '../../json/fields.ts';
import { OWNER_METADATA } from '../buckets/bucket.ts';

/** An object's resource in the JSON API. */
export interface ObjectResource {
  readonly name: string;
  /** Decimal, 64 bits. */
  readonly generation: string;
  readonly sizeBytes: number;
  readonly owner: string | undefined;
}

/** Read the resource in a response; undefined for any other response. */
export function objectResource(response: EgressResponse): ObjectResource | undefined {
  const body = tryParseJson(response.body);
  const name = field(body, 'name');
  const generation = String(field(body, 'generation'));
  const size = String(field(body, 'size'));
  const owner = field(field(body, 'metadata'), OWNER_METADATA);
  if (typeof name !== 'string' || !/^\d{1,20}$/.test(generation) || !/^\d{1,15}$/.test(size)) return undefined;
  return { name, generation, sizeBytes: Number(size), owner: typeof owner === 'string' ? owner : undefined };
}
