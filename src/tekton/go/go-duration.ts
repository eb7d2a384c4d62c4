// SPDX-License-Identifier: Apache-2.0
const unitNanoseconds: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', 1_000n],
  ['µs', 1_000n],
  ['μs', 1_000n],
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['h', 3_600_000_000_000n],
]);

const maximum = 2n ** 63n;
const part = /(\d*)(?:\.(\d*))?([^\d.]+)/y;

/** Rewrite a duration as Go does (`60m` becomes `1h0m0s`); undefined when Go would refuse it. */
export function normaliseDuration(text: string): string | undefined {
  const nanoseconds = parseDuration(text);
  return nanoseconds === undefined ? undefined : formatDuration(nanoseconds);
}

/** Parse a Go duration into nanoseconds; undefined when it is malformed or beyond 64 bits. */
function parseDuration(text: string): bigint | undefined {
  const negative = text.startsWith('-');
  const rest = /^[-+]/.test(text) ? text.slice(1) : text;
  if (rest === '0') return 0n;
  if (rest === '') return undefined;
  let total = 0n;
  part.lastIndex = 0;
  while (part.lastIndex < rest.length) {
    const match = part.exec(rest);
    const nanoseconds = match === null ? undefined : partNanoseconds(match);
    if (nanoseconds === undefined) return undefined;
    total += nanoseconds;
    if (total > maximum) return undefined;
  }
  if (negative) return -total;
  return total === maximum ? undefined : total;
}

function partNanoseconds(match: RegExpExecArray): bigint | undefined {
  const [, whole = '', fraction = '', unitName = ''] = match;
  const unit = unitNanoseconds.get(unitName);
  if (unit === undefined || (whole === '' && fraction === '') || whole.length > 30) return undefined;
  const value = BigInt(whole === '' ? '0' : whole) * unit;
  return value + fractionNanoseconds(fraction, unit);
}

/** Go computes the fraction in floating point from the digits that fit 63 bits, and truncates it. */
function fractionNanoseconds(fraction: string, unit: bigint): bigint {
  let digits = 0n;
  let scale = 1;
  for (const digit of fraction) {
    const next = digits * 10n + BigInt(digit);
    if (digits > (maximum - 1n) / 10n || next > maximum) break;
    digits = next;
    scale *= 10;
  }
  return BigInt(Math.trunc(Number(digits) * (Number(unit) / scale)));
}

function formatDuration(nanoseconds: bigint): string {
  const sign = nanoseconds < 0n ? '-' : '';
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  if (size === 0n) return '0s';
  if (size < 1_000n) return `${sign}${size.toString()}ns`;
  if (size < 1_000_000n) return `${sign}${decimal(size, 3)}µs`;
  if (size < 1_000_000_000n) return `${sign}${decimal(size, 6)}ms`;
  const hours = size / 3_600_000_000_000n;
  const minutes = (size / 60_000_000_000n) % 60n;
  const seconds = `${decimal(size % 60_000_000_000n, 9)}s`;
  if (hours > 0n) return `${sign}${hours.toString()}h${minutes.toString()}m${seconds}`;
  return minutes > 0n ? `${sign}${minutes.toString()}m${seconds}` : `${sign}${seconds}`;
}

/** value / 10^places without trailing zeros. */
function decimal(value: bigint, places: number): string {
  const digits = value.toString().padStart(places + 1, '0');
  const fraction = digits.slice(-places).replace(/0+$/, '');
  const whole = digits.slice(0, -places);
  return fraction === '' ? whole : `${whole}.${fraction}`;
}
