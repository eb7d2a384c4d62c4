// SPDX-License-Identifier: Apache-2.0
import { field, isObject, listField } from '../../../src/json/fields.ts';

type Fields = Readonly<Record<string, unknown>>;
/** A value as the emulator's messages have it: snake case, bytes as bytes. */
export type ProtoValue = Record<string, unknown>;

/** Fields of the REST API as fields of the emulator's messages. @throws TypeError for a value of no known type */
export function fieldsFromJson(fields: unknown): Record<string, ProtoValue> {
  if (!isObject(fields)) return {};
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, valueFromJson(value)]));
}

function valueFromJson(value: unknown): ProtoValue {
  const [[type, content] = ['', undefined]] = Object.entries(isObject(value) ? value : {});
  switch (type) {
    case 'nullValue':
      return { null_value: 0 };
    case 'booleanValue':
      return { boolean_value: content };
    case 'doubleValue':
      return { double_value: content };
    case 'stringValue':
      return { string_value: content };
    case 'bytesValue':
      return { bytes_value: new Uint8Array(Buffer.from(String(content), 'base64')) };
    case 'arrayValue':
      return { array_value: { values: listField(content, 'values').map(valueFromJson) } };
    case 'mapValue':
      return { map_value: { fields: fieldsFromJson(field(content, 'fields')) } };
    default:
      throw new TypeError(`a value of the unknown type "${type}"`);
  }
}

/** The other way round. */
export function fieldsToJson(fields: unknown): Fields {
  if (!isObject(fields)) return {};
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, valueToJson(value)]));
}

function valueToJson(value: unknown): Fields {
  const [[type, content] = ['', undefined]] = Object.entries(isObject(value) ? value : {});
  switch (type) {
    case 'null_value':
      return { nullValue: null };
    case 'boolean_value':
      return { booleanValue: content };
    case 'double_value':
      return { doubleValue: content };
    case 'string_value':
      return { stringValue: content };
    case 'bytes_value':
      return { bytesValue: Buffer.from(content instanceof Uint8Array ? content : []).toString('base64') };
    case 'array_value':
      return { arrayValue: { values: listField(content, 'values').map(valueToJson) } };
    case 'map_value':
      return { mapValue: { fields: fieldsToJson(field(content, 'fields')) } };
    default:
      throw new TypeError(`a value of the unknown type "${type}"`);
  }
}
