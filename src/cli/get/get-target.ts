// SPDX-License-Identifier: Apache-2.0
import type { RunKind } from '../../api/v1alpha1/kinds.ts';
import { UsageError } from '../cli-error.ts';
import { isObjectName, kindsNamed } from '../run-reference.ts';

/** The thing whose records are asked for. */
export type GetTarget =
  | { readonly type: 'Run'; readonly kinds: readonly RunKind[]; readonly name: string }
  | { readonly type: 'Record'; readonly name: string }
  /** A name that a run or a record may have. */
  | { readonly type: 'Name'; readonly name: string }
  | { readonly type: 'Digest'; readonly hex: string }
  /** An image by its tag, which only its registry can resolve. */
  | { readonly type: 'Tag'; readonly reference: string };

const RECORD = /^(?:pvr|provenancerecords?(?:\.hallmark\.dev)?)\/(.*)$/i;
const DIGEST = /^(?:[^@]+@)?sha256:([0-9a-f]{64})$/;

/**
 * Reads a run, a record or an image: taskrun/NAME, pipelinerun/NAME, record/NAME in the forms that kubectl takes, a bare NAME,
 * sha256:HEX, REPOSITORY@sha256:HEX or REPOSITORY:TAG. @throws UsageError
 */
export function getTarget(text: string): GetTarget {
  const hex = DIGEST.exec(text)?.[1];
  if (hex !== undefined) return { type: 'Digest', hex };
  if (text.includes('@') || text.startsWith('sha256:'))
    throw new UsageError(`"${text}" names no digest: write sha256: and 64 hexadecimal digits in lower case`);
  const record = RECORD.exec(text.replace(/^record\//i, 'pvr/'))?.[1];
  if (record !== undefined) return { type: 'Record', name: objectName(record) };
  const slash = text.indexOf('/');
  if (slash < 0 && !text.includes(':')) return { type: 'Name', name: objectName(text) };
  const kinds = kindsNamed(text.slice(0, Math.max(0, slash)));
  if (slash < 0 || kinds === undefined) return { type: 'Tag', reference: text };
  return { type: 'Run', kinds, name: objectName(text.slice(slash + 1)) };
}

function objectName(name: string): string {
  if (!isObjectName(name)) throw new UsageError(`"${name}" is neither the name of a run or record nor an image`);
  return name;
}
