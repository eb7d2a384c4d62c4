// SPDX-License-Identifier: Apache-2.0
const rfc3339 = /^\d{4}-\d{2}-\d{2}[Tt]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

/**
 * Whether the API server takes `text` as a `date-time`: RFC 3339 with all of its parts and a day that exists, without the leap
 * seconds and the looser forms that validators of JSON Schema let through.
 */
export function isDateTime(text: string): boolean {
  if (!rfc3339.test(text)) return false;
  const date = text.slice(0, 10);
  const midnight = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(date);
}

/** A time as metav1.Time is written: UTC, without a fraction of a second. */
export function rfc3339Seconds(time: Date): string {
  return time.toISOString().replace(/\.\d{3}Z$/, 'Z');
}
