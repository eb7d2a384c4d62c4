// SPDX-License-Identifier: Apache-2.0
import { hash } from 'node:crypto';
import { canonicalJson } from '../../json/canonical-json.ts';
import { isObject, objectField } from '../../json/fields.ts';

const DIGEST_BYTES = 16;
/** The fields of a status that evidence states and that nothing changes honestly once the run has finished. */
const STATED = ['results', 'steps', 'artifacts', 'taskSpec', 'pipelineSpec', 'provenance'] as const;
/** Requests to a run, which may arrive as it finishes. */
const REQUESTS: ReadonlySet<string> = new Set(['status', 'statusMessage']);

/** Digests by the decoded run: one is digested as the watch delivers it, and again as it is recorded. */
const digests = new WeakMap<object, string>();

/**
 * Digest a finished run: its spec, and what its status reports of it. Times are left out, as Tekton may write the end of a run twice, each
 * time with other ones. Nesting too deep for any evidence counts as equal.
 *
 * @returns 16 bytes as latin1 text
 */
export function runDigest(object: unknown): string {
  if (!isObject(object)) return digestOf(object);
  const digest = digests.get(object) ?? digestOf(object);
  digests.set(object, digest);
  return digest;
}

function digestOf(object: unknown): string {
  const status = objectField(object, 'status');
  const spec = Object.entries(objectField(object, 'spec')).filter(([name]) => !REQUESTS.has(name));
  const stated = STATED.map((name) => [name, status[name]] as const);
  return hash('sha256', canonicalText({ spec: Object.fromEntries(spec), status: Object.fromEntries(stated) }), {
    outputEncoding: 'buffer',
  }).toString('latin1', 0, DIGEST_BYTES);
}

function canonicalText(value: unknown): string {
  try {
    return canonicalJson(value);
  } catch (error) {
    if (error instanceof RangeError) return 'nested too deep';
    throw error;
  }
}
