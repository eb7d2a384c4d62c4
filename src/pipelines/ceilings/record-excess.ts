// SPDX-License-Identifier: Apache-2.0
import type { CeilingDefinition } from './ceiling-definition.ts';

/** Records of the SigningPolicies of one namespace. */
export interface RecordUse {
  readonly records: number;
  /** About what they take in etcd. */
  readonly sizeBytes: number;
}

/** The most that one ceiling allows of them. */
export interface RecordBound {
  readonly ceiling: string;
  readonly records: number;
  readonly evidenceBytes: number;
}

/** The bounds that ceilings set on the records of a namespace. */
export function recordBounds(ceilings: readonly CeilingDefinition[]): readonly RecordBound[] {
  return ceilings.flatMap(({ name: ceiling, spec }) => {
    const { records, evidenceBytes } = spec?.counts ?? {};
    if (records === undefined && evidenceBytes === undefined) return [];
    return [{ ceiling, records: records ?? Infinity, evidenceBytes: evidenceBytes ?? Infinity }];
  });
}

/** True when all bounds have room for so much more. The first record of a namespace always fits: too large ones are refused before. */
export function hasRoom(bounds: readonly RecordBound[], use: RecordUse, added: RecordUse): boolean {
  return bounds.every((bound) => {
    const hasRecords = added.records === 0 || use.records + added.records <= bound.records;
    return hasRecords && hasBytes(bound, use, added.sizeBytes);
  });
}

function hasBytes({ evidenceBytes }: RecordBound, { sizeBytes }: RecordUse, addedBytes: number): boolean {
  return sizeBytes === 0 || sizeBytes + Math.max(addedBytes, 1) <= evidenceBytes;
}

/** Says that a record alone takes more bytes than a bound allows for all of them; undefined when it does not. */
export function recordRefusal(bounds: readonly RecordBound[], sizeBytes: number): string | undefined {
  const [tightest] = bounds.toSorted((one, other) => one.evidenceBytes - other.evidenceBytes);
  if (tightest === undefined || sizeBytes <= tightest.evidenceBytes) return undefined;
  const { ceiling, evidenceBytes } = tightest;
  return `the record of this run takes ${sizeBytes} bytes, and PolicyCeiling ${ceiling} allows ${evidenceBytes} for all records of the namespace together: have the run state less, or have the platform team raise counts.evidenceBytes and then delete this record, which is made again from its run`;
}

/** The bound that has least room, in words: `PolicyCeiling a: …`. */
export function recordExcess(bounds: readonly RecordBound[], use: RecordUse, addedBytes = 0): string | undefined {
  const free = (bound: RecordBound): number => (hasBytes(bound, use, addedBytes) ? bound.records - use.records : 0);
  const [tightest] = bounds.toSorted((one, other) => Math.max(0, free(one)) - Math.max(0, free(other)));
  if (tightest === undefined) return undefined;
  const { ceiling, records, evidenceBytes } = tightest;
  const isFull = use.records >= records;
  const [what, is, allowed] =
    isFull || evidenceBytes === Infinity
      ? ['ProvenanceRecords', `${use.records}`, `${records}`]
      : ['bytes of evidence', `${use.sizeBytes}`, `${evidenceBytes}`];
  return `PolicyCeiling ${ceiling}: the SigningPolicies of the namespace have ${is} ${what}, and allowed are ${allowed}: finished runs wait, and are recorded and signed once records retire, or are deleted together with their runs`;
}
