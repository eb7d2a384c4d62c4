// SPDX-License-Identifier: Apache-2.0
const rfc3339 = /^\d{4}-\d{2}-\d{2}[Tt]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

/**
 * True when the API server accepts `text` as a `date-time`: RFC 3339 with all of its parts and an existing day, without
 * the leap seconds and looser forms that validators of JSON Schema accept.
 */
export function isDateTime(text: string): boolean {
  if (!rfc3339.test(text)) return false;
  // Date rolls some days that do not exist over into the next month, and has no time for the others.
  const midnight = new Date(`${text.slice(0, 10)}T00:00:00Z`);
  return midnight.getUTCDate() === Number(text.slice(8, 10));
}

/** Format a time as metav1.Time: UTC, without fractions of a second. */
export function rfc3339Seconds(time: Date): string {
  return time.toISOString().replace(/\.\d{3}Z$/, 'Z');
}
