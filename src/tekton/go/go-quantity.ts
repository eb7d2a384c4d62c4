// SPDX-License-Identifier: Apache-2.0
import { goTrim } from './go-text.ts';

type QuantityFormat = 'DecimalExponent' | 'BinarySI' | 'DecimalSI';

interface Suffix {
  readonly base: 2 | 10;
  readonly exponent: number;
  readonly format: QuantityFormat;
}

interface Scanned {
  readonly negative: boolean;
  readonly whole: string;
  readonly fraction: string;
  readonly suffix: Suffix;
}

/** unscaled × 10^exponent */
interface Amount {
  readonly unscaled: bigint;
  readonly exponent: number;
  readonly format: QuantityFormat;
}

const decimalSuffixes = new Map([
  ['n', -9],
  ['u', -6],
  ['m', -3],
  ['', 0],
  ['k', 3],
  ['M', 6],
  ['G', 9],
  ['T', 12],
  ['P', 15],
  ['E', 18],
]);
const decimalByExponent = new Map([...decimalSuffixes].map(([suffix, exponent]) => [exponent, suffix]));
const binaryUnits = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const nano = -9;
/** The decimal digits that always fit an int64; Go changes to arbitrary precision beyond them. */
const fastDigits = 18;
const maximumInt64 = 2n ** 63n - 1n;
/** No quantity is longer, which keeps the numbers small for any exponent. */
const maximumLength = 256;
const maximumExponent = 2 ** 31 - 1;

/**
 * Rewrite a Kubernetes quantity in its canonical form (`1024Mi` becomes `1Gi`), or keep it unchanged where the
 * reference keeps the text it read. Undefined when it is not a quantity.
 */
export function normaliseQuantity(text: string): string | undefined {
  const trimmed = goTrim(text);
  if (trimmed === '0') return '0';
  const scanned = scan(trimmed);
  if (scanned === undefined) return undefined;
  const fast = fastAmount(scanned);
  if (fast === undefined) {
    const exact = exactAmount(scanned);
    return exact === undefined ? undefined : canonical(exact);
  }
  return keepsText(scanned, fast) ? trimmed : canonical(fast);
}

function scan(text: string): Scanned | undefined {
  if (text.length > maximumLength) return undefined;
  const match = /^([+-]?)0*(\d*)(?:\.(\d*))?([eEinumkKMGTP]*[-+]?\d*)$/.exec(text);
  if (match === null || text === '') return undefined;
  const [, sign = '', whole = '', fraction = '', suffixText = ''] = match;
  const suffix = interpret(suffixText);
  if (suffix === undefined) return undefined;
  return { negative: sign === '-', whole: whole === '' ? '0' : whole, fraction, suffix };
}

function interpret(text: string): Suffix | undefined {
  const decimalExponent = decimalSuffixes.get(text);
  if (decimalExponent !== undefined) return { base: 10, exponent: decimalExponent, format: 'DecimalSI' };
  const binary = binaryUnits.indexOf(text);
  if (binary > 0) return { base: 2, exponent: binary * 10, format: 'BinarySI' };
  const exponent = /^[eE][-+]?\d+$/.test(text) ? Number(text.slice(1)) : Number.NaN;
  if (!(Math.abs(exponent) <= maximumExponent)) return undefined;
  return { base: 10, exponent, format: 'DecimalExponent' };
}

/** The amount, where Go's 64-bit path takes it; only that path may keep the text. */
function fastAmount({ negative, whole, fraction, suffix }: Scanned): Amount | undefined {
  const binary = suffix.format === 'BinarySI';
  if (binary && fraction !== '') return undefined;
  const precision = binary
    ? 15 - whole.length - Math.trunc((suffix.exponent * 3) / 10) - 1
    : fastDigits - whole.length - fraction.length;
  const exponent = (binary ? 0 : suffix.exponent) - fraction.length;
  if (precision < 0 || exponent < nano) return undefined;
  const value = BigInt(whole + fraction) * (binary ? 2n ** BigInt(suffix.exponent) : 1n);
  return { unscaled: negative ? -value : value, exponent, format: suffix.format };
}

function keepsText({ whole, fraction, suffix }: Scanned, amount: Amount): boolean {
  const digits = whole + fraction;
  if (suffix.format === 'BinarySI') return (BigInt(digits) & 7n) !== 0n;
  return amount.exponent % 3 === 0 && !digits.endsWith('000') && !digits.startsWith('0');
}

/** Arbitrary precision: rounded away from zero to a nano, with binary values capped at an int64. */
function exactAmount({ negative, whole, fraction, suffix }: Scanned): Amount | undefined {
  const digits = BigInt(whole + fraction);
  const scaled = suffix.base === 2 ? digits * 2n ** BigInt(suffix.exponent) : digits;
  const exponent = (suffix.base === 10 ? suffix.exponent : 0) - fraction.length;
  if (exponent > maximumLength * 4) return undefined;
  let amount = roundedToNano(scaled, exponent);
  let format = suffix.format;
  if (format === 'BinarySI') {
    if (compareInteger(amount, maximumInt64) > 0) amount = { unscaled: maximumInt64, exponent: 0 };
    if (amount.unscaled > 0n && compareInteger(amount, 1n) < 0) format = 'DecimalSI';
  }
  return { unscaled: negative ? -amount.unscaled : amount.unscaled, exponent: amount.exponent, format };
}

function roundedToNano(unscaled: bigint, exponent: number): { unscaled: bigint; exponent: number } {
  if (exponent >= nano) return { unscaled, exponent };
  const surplus = nano - exponent;
  if (surplus > maximumLength * 2) return { unscaled: unscaled === 0n ? 0n : 1n, exponent: nano };
  const divisor = 10n ** BigInt(surplus);
  return { unscaled: (unscaled + divisor - 1n) / divisor, exponent: nano };
}

function compareInteger(amount: { unscaled: bigint; exponent: number }, integer: bigint): number {
  const [left, right] =
    amount.exponent >= 0
      ? [amount.unscaled * 10n ** BigInt(amount.exponent), integer]
      : [amount.unscaled, integer * 10n ** BigInt(-amount.exponent)];
  return left === right ? 0 : left < right ? -1 : 1;
}

function canonical(amount: Amount): string {
  if (amount.unscaled === 0n) return '0';
  if (amount.format === 'BinarySI') {
    const integer = wholeNumber(amount);
    if (integer !== undefined && (integer >= 1024n || integer <= -1024n)) return canonicalBinary(integer);
    return canonicalDecimal({ ...amount, format: 'DecimalSI' });
  }
  return canonicalDecimal(amount);
}

/** The value of a binary quantity when it is whole; binary exponents keep it near 64 bits. */
function wholeNumber({ unscaled, exponent }: Amount): bigint | undefined {
  if (exponent >= 0) return unscaled * 10n ** BigInt(exponent);
  const divisor = 10n ** BigInt(-exponent);
  return unscaled % divisor === 0n ? unscaled / divisor : undefined;
}

function canonicalBinary(value: bigint): string {
  let integer = value;
  let unit = 0;
  while (integer % 1024n === 0n && integer !== 0n) {
    integer /= 1024n;
    unit += 1;
  }
  return `${integer.toString()}${binaryUnits[unit] ?? ''}`;
}

function canonicalDecimal({ unscaled, exponent, format }: Amount): string {
  let number = unscaled;
  let power = exponent;
  while (number % 10n === 0n) {
    number /= 10n;
    power += 1;
  }
  const surplus = ((power % 3) + 3) % 3;
  number *= 10n ** BigInt(surplus);
  power -= surplus;
  if (format === 'DecimalExponent') return power === 0 ? number.toString() : `${number.toString()}e${power}`;
  return `${number.toString()}${decimalByExponent.get(power) ?? ''}`;
}
