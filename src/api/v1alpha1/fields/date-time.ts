// SPDX-License-Identifier: Apache-2.0
const rfc3339 =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])[Tt]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

const DAYS_OF_EACH_MONTH = 28;

/**
 * True when the API server accepts `text` as a `date-time`: RFC 3339 with all of its parts and an existing day, without
 * the leap seconds and looser forms that validators of JSON Schema accept.
 */
export function isDateTime(text: string): boolean {
  if (!rfc3339.test(text)) return false;
  const day = Number(text.slice(8, 10));
  if (day <= DAYS_OF_EACH_MONTH) return true;
  // Date rolls days that do not exist over into the next month.
  return new Date(`${text.slice(0, 10)}T00:00:00Z`).getUTCDate() === day;
}

/** Format a time as metav1.Time: UTC, without fractions of a second. */
export function rfc3339Seconds(time: Date): string {
  return time.toISOString().replace(/\.\d{3}Z$/, 'Z');
}
