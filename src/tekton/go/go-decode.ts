// SPDX-License-Identifier: Apache-2.0
import { isObject } from '../../json/fields.ts';
import { byteOrder } from './go-text.ts';
import { formatSeconds, isZeroTime, parseGoTime } from './go-time.ts';
import { normaliseDuration } from './go-duration.ts';
import { normaliseQuantity } from './go-quantity.ts';
import { goTypes } from './go-types.generated.ts';
import type { GoField } from './go-types.generated.ts';
import { untyped } from './json-node.ts';
import type { JsonNode } from './json-node.ts';
import { paramValue } from '../param-value.ts';
import { PayloadError } from '../payload-error.ts';

/** A reader of one Go type: absent and null values take the zero value, as in Go. */
interface Codec {
  readonly decode: (value: unknown, at: Position) => JsonNode;
  readonly zero: () => JsonNode;
  /** Go's omitempty, given the decoded node and its source: structs and named JSON forms are never empty. */
  readonly isEmpty: (node: JsonNode, value: unknown) => boolean;
  /** Go's omitzero; only times use it. */
  readonly isZero?: (node: JsonNode) => boolean;
}

interface FieldCodec {
  readonly name: string;
  readonly codec: Codec;
  readonly isOmitted: (node: JsonNode, value: unknown) => boolean;
  /** The node of a field that is absent; undefined where such a field is left out. */
  readonly absent: JsonNode | undefined;
}

/** The position in the value that is being decoded. */
interface Position {
  /** The path, for messages and for the bound on nesting. */
  readonly path: (string | number)[];
  /** The nodes that may still be made; counted down. */
  nodes: number;
}

/** No API server stores a sensible run of this depth; the bound keeps hostile nesting off the stack. */
const maximumDepth = 512;
/**
 * More than an honest run holds that the API server stores: of lists of empty objects, a run of that size holds half a million, which take
 * seconds and hundreds of megabytes to state.
 */
const maximumNodes = 100_000;
const codecs = new Map<string, Codec>();
const never = (): boolean => false;

/**
 * Decode a JSON value into the Go type `type` and back: unknown fields and empty optional fields vanish, defaults
 * appear, durations, quantities and times take the form of Go, keys take the order of Go.
 *
 * @throws PayloadError when Go would refuse the value, or it holds too many values
 */
export function goDecode(type: string, value: unknown, root: string): JsonNode {
  return codecOf(type).decode(value, { path: [root], nodes: maximumNodes });
}

function codecOf(type: string): Codec {
  const existing = codecs.get(type);
  if (existing !== undefined) return existing;
  const made = makeCodec(type);
  codecs.set(type, made);
  return made;
}

function makeCodec(type: string): Codec {
  if (type.startsWith('*')) return pointerCodec(type.slice(1));
  if (type.startsWith('[]')) return sliceCodec(type.slice(2));
  if (type.startsWith('map:')) return mapCodec(type.slice(4));
  const scalar = scalars.get(type);
  if (scalar !== undefined) return scalar;
  const fields = goTypes[type];
  if (fields === undefined) throw new TypeError(`no Go type ${type}`);
  return structCodec(fields);
}

function pointerCodec(type: string): Codec {
  return {
    decode: (value, at) => (isAbsent(value) ? null : codecOf(type).decode(value, at)),
    zero: () => null,
    // A pointer to a zero time is written as null, but the field is present.
    isEmpty: (_node, value) => isAbsent(value),
  };
}

function sliceCodec(type: string): Codec {
  return {
    decode(value, at) {
      if (isAbsent(value)) return null;
      if (!Array.isArray(value)) return refuse(at, 'must be a list');
      const codec = codecOf(type);
      spend(at, value.length);
      return value.map((entry: unknown, index) => within(at, index, () => codec.decode(entry, at)));
    },
    zero: () => null,
    isEmpty: (node) => node === null || (Array.isArray(node) && node.length === 0),
  };
}

function mapCodec(type: string): Codec {
  return {
    decode(value, at) {
      if (isAbsent(value)) return null;
      if (!isObject(value)) return refuse(at, 'must be an object');
      const codec = codecOf(type);
      spend(at, Object.keys(value).length);
      const entries = Object.entries(value).map(([key, entry]): [string, JsonNode] => [
        key.toWellFormed(),
        within(at, key, () => codec.decode(entry, at)),
      ]);
      return new Map(entries.sort(([left], [right]) => byteOrder(left, right)));
    },
    zero: () => null,
    isEmpty: (node) => node === null || (node instanceof Map && node.size === 0),
  };
}

function structCodec(fields: readonly GoField[]): Codec {
  let compiled: readonly FieldCodec[] | undefined;
  const decode = (value: unknown, at: Position): JsonNode => {
    if (!isAbsent(value) && !isObject(value)) return refuse(at, 'must be an object');
    const node = new Map<string, JsonNode>();
    for (const { name, codec, isOmitted, absent } of (compiled ??= fields.map(fieldCodec))) {
      const member = isAbsent(value) || !Object.hasOwn(value, name) ? undefined : value[name];
      if (member === undefined) {
        if (absent !== undefined) node.set(name, absent);
        continue;
      }
      const decoded = within(at, name, () => codec.decode(member, at));
      if (!isOmitted(decoded, member)) node.set(name, decoded);
    }
    spend(at, node.size);
    return node;
  };
  return { decode, zero: () => decode(undefined, { path: [], nodes: maximumNodes }), isEmpty: never };
}

function fieldCodec([name, type, omit = '']: GoField): FieldCodec {
  const codec = codecOf(type);
  const isZero = codec.isZero ?? never;
  const isOmitted = (node: JsonNode, value: unknown): boolean =>
    (omit.includes('e') && codec.isEmpty(node, value)) || (omit.includes('z') && isZero(node));
  const zero = codec.zero();
  return { name, codec, isOmitted, absent: isOmitted(zero, undefined) ? undefined : zero };
}

function named(zero: JsonNode, read: (value: unknown) => JsonNode | undefined, what: string): Codec {
  return {
    decode: (value, at) => (isAbsent(value) ? zero : (read(value) ?? refuse(at, what))),
    zero: () => zero,
    isEmpty: never,
  };
}

function scalar(zero: JsonNode, read: (value: unknown) => JsonNode | undefined, what: string): Codec {
  return { ...named(zero, read, what), isEmpty: (node) => node === zero };
}

const scalars: ReadonlyMap<string, Codec> = new Map([
  ['string', scalar('', readText, 'must be a string')],
  ['bool', scalar(false, (value) => (typeof value === 'boolean' ? value : undefined), 'must be true or false')],
  ['int64', scalar(0, (value) => readInteger(value, 64), 'must be a 64-bit integer')],
  ['int32', scalar(0, (value) => readInteger(value, 32), 'must be a 32-bit integer')],
  ['Time', { decode: decodeTime, zero: () => null, isEmpty: never, isZero: (node) => node === null }],
  ['Duration', named('0s', (value) => withText(value, normaliseDuration), 'must be a duration such as 1h30m')],
  ['Quantity', named('0', readQuantity, 'must be a quantity such as 500m or 1Gi')],
  ['IntOrString', named(0, (value) => readText(value) ?? readInteger(value, 32), 'must be a number or a string')],
  ['ParamValue', { decode: decodeParamValue, zero: () => untyped, isEmpty: never }],
  ['Raw', { decode: decodeRaw, zero: () => null, isEmpty: never }],
]);

function decodeTime(value: unknown, at: Position): JsonNode {
  if (isAbsent(value)) return null;
  const time = typeof value === 'string' ? parseGoTime(value) : undefined;
  if (time === undefined) return refuse(at, 'must be an RFC 3339 time');
  return isZeroTime(time) ? null : formatSeconds(time);
}

function decodeParamValue(value: unknown, at: Position): JsonNode {
  boundDepth(value, at);
  return paramValue(value);
}

/** Any JSON, unchanged. */
function decodeRaw(value: unknown, at: Position): JsonNode {
  if (isAbsent(value)) return null;
  if (typeof value === 'string') return value.toWellFormed();
  if (typeof value === 'boolean' || typeof value === 'number' || typeof value === 'bigint') return value;
  if (Array.isArray(value)) {
    spend(at, value.length);
    return value.map((entry: unknown, index) => within(at, index, () => decodeRaw(entry, at)));
  }
  if (!isObject(value)) return refuse(at, 'must be JSON');
  spend(at, Object.keys(value).length);
  return new Map(
    Object.entries(value).map(([key, entry]) => [key.toWellFormed(), within(at, key, () => decodeRaw(entry, at))]),
  );
}

function boundDepth(value: unknown, at: Position): void {
  if (typeof value !== 'object' || value === null) return;
  spend(at, Array.isArray(value) ? value.length : Object.keys(value).length);
  for (const [key, entry] of Object.entries(value)) {
    within(at, key, () => {
      boundDepth(entry, at);
      return null;
    });
  }
}

function readText(value: unknown): string | undefined {
  return typeof value === 'string' ? value.toWellFormed() : undefined;
}

function readInteger(value: unknown, bits: 32 | 64): number | bigint | undefined {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return inRange(BigInt(value), bits) ? value : undefined;
  if (typeof value !== 'bigint' && !(typeof value === 'number' && Number.isInteger(value))) return undefined;
  const integer = BigInt(value);
  if (!inRange(integer, bits)) return undefined;
  const number = Number(integer);
  return Number.isSafeInteger(number) ? number : integer;
}

function inRange(value: bigint, bits: 32 | 64): boolean {
  return BigInt.asIntN(bits, value) === value;
}

function readQuantity(value: unknown): string | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return normaliseQuantity(value.toString());
  return withText(value, normaliseQuantity);
}

function withText(value: unknown, read: (text: string) => string | undefined): string | undefined {
  return typeof value === 'string' ? read(value) : undefined;
}

function within(at: Position, key: string | number, decode: () => JsonNode): JsonNode {
  if (at.path.length >= maximumDepth) {
    at.path.splice(8);
    return refuse(at, `must not nest deeper than ${maximumDepth} levels`);
  }
  at.path.push(key);
  const node = decode();
  at.path.pop();
  return node;
}

function spend(at: Position, nodes: number): void {
  at.nodes -= nodes;
  if (at.nodes >= 0) return;
  const [root] = at.path;
  const message = `${String(root)} holds more than ${maximumNodes} values: have it state fewer results and parameters`;
  throw new PayloadError('PayloadTooLarge', message);
}

function refuse({ path }: Position, what: string): never {
  throw new PayloadError('PayloadInvalid', `${path.map((key) => String(key).slice(0, 64)).join('.')} ${what}`);
}

function isAbsent(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}
