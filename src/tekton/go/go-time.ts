// SPDX-License-Identifier: Apache-2.0
/** A point in time as Go holds it: whole seconds since 1970 and nanoseconds within the second. */
export interface GoTime {
  readonly epochSeconds: number;
  readonly nanoseconds: number;
}

const rfc3339 = /^(\d{4})-(\d{2})-(\d{2})T(\d{1,2}):(\d{2}):(\d{2})(?:[.,](\d+))?(Z|[+-]\d{2}:\d{2})$/;
/** 0001-01-01T00:00:00Z, which Go writes as null. */
const zeroSeconds = -62_135_596_800;

/** Parse RFC 3339 as Go does; undefined when the text is not such a time. */
export function parseGoTime(text: string): GoTime | undefined {
  const match = rfc3339.exec(text);
  if (match === null) return undefined;
  const [, year = '', month = '', day = '', hour = '', minute = '', second = '', fraction = '', zone = 'Z'] = match;
  const offset = zone === 'Z' ? 0 : offsetSeconds(zone);
  const wall = `${year}-${month}-${day}T${hour.padStart(2, '0')}:${minute}:${second}`;
  const milliseconds = Date.parse(`${wall}Z`);
  // Date rolls some impossible days over (February 30); Go refuses them.
  if (Number.isNaN(milliseconds) || offset === undefined || !new Date(milliseconds).toISOString().startsWith(wall)) {
    return undefined;
  }
  return {
    epochSeconds: milliseconds / 1000 - offset,
    nanoseconds: Number(fraction.slice(0, 9).padEnd(9, '0')),
  };
}

/** The length of a time in JavaScript's form whose year has four digits. */
const ORDINARY_LENGTH = '2026-01-01T00:00:00.000Z'.length;

export function isZeroTime(time: GoTime): boolean {
  return time.epochSeconds === zeroSeconds && time.nanoseconds === 0;
}

/** UTC with whole seconds, as Kubernetes writes times. */
export function formatSeconds(time: GoTime): string {
  return `${wallClock(time)}Z`;
}

/** UTC with as many digits as the fraction needs (Go's RFC3339Nano). */
export function formatNanoseconds(time: GoTime): string {
  return withFraction(time, fractionDigits(time).replace(/0+$/, ''));
}

/** UTC with 0, 3, 6 or 9 digits (the JSON form of a protobuf timestamp). */
export function formatTimestamp(time: GoTime): string {
  const digits = fractionDigits(time);
  const needed = Math.ceil(digits.replace(/0+$/, '').length / 3) * 3;
  return withFraction(time, digits.slice(0, needed));
}

function withFraction(time: GoTime, digits: string): string {
  return digits === '' ? formatSeconds(time) : `${wallClock(time)}.${digits}Z`;
}

function fractionDigits(time: GoTime): string {
  return String(time.nanoseconds).padStart(9, '0');
}

/** Write years with four digits or as many as needed; JavaScript writes six beyond 9999. */
function wallClock(time: GoTime): string {
  const text = new Date(time.epochSeconds * 1000).toISOString();
  if (text.length === ORDINARY_LENGTH) return text.slice(0, -'.000Z'.length);
  const [, sign = '', year = '', rest = ''] = /^([+-]?)(\d+)(-.*)\.\d{3}Z$/.exec(text) ?? [];
  return `${sign === '-' ? '-' : ''}${year.replace(/^0+(?=\d{4})/, '')}${rest}`;
}

function offsetSeconds(zone: string): number | undefined {
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(4, 6));
  if (hours > 24 || minutes > 59) return undefined;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 3600 + minutes * 60);
}
