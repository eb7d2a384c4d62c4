// SPDX-License-Identifier: Apache-2.0
import { field, isObject, listField } from '../../json/fields.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * Convert a statement to the API's types, reading every predicate as SLSA v0.2 as Chains does, so that little of a v1 predicate
 * is left. Copy only values of the API's types; the envelope contains the whole statement.
 */
export function intotoStatement(payload: Buffer): Fields {
  const statement: unknown = JSON.parse(payload.toString('utf8'));
  return defined({
    _type: text(statement, '_type'),
    predicateType: text(statement, 'predicateType'),
    subject: listField(statement, 'subject').map((subject) =>
      defined({ name: text(subject, 'name'), digest: texts(field(subject, 'digest')) }),
    ),
    slsaProvenanceZeroTwo: zeroTwo(field(statement, 'predicate')),
  });
}

function zeroTwo(predicate: unknown): Fields {
  const builder = text(field(predicate, 'builder'), 'id');
  const invocation = field(predicate, 'invocation');
  const metadata = field(predicate, 'metadata');
  return defined({
    builder: builder === undefined ? undefined : { id: builder },
    buildType: text(predicate, 'buildType'),
    invocation: isObject(invocation) ? invocationFields(invocation) : undefined,
    buildConfig: struct(predicate, 'buildConfig'),
    metadata: isObject(metadata) ? metadataFields(metadata) : undefined,
    materials: Array.isArray(field(predicate, 'materials'))
      ? listField(predicate, 'materials').map(material)
      : undefined,
  });
}

function invocationFields(invocation: Fields): Fields {
  const source = field(invocation, 'configSource');
  return defined({
    configSource: isObject(source)
      ? defined({ uri: text(source, 'uri'), digest: texts(source['digest']), entryPoint: text(source, 'entryPoint') })
      : undefined,
    parameters: struct(invocation, 'parameters'),
    environment: struct(invocation, 'environment'),
  });
}

function metadataFields(metadata: Fields): Fields {
  const completeness = field(metadata, 'completeness');
  return defined({
    buildInvocationId: text(metadata, 'buildInvocationID'),
    buildStartedOn: time(metadata, 'buildStartedOn'),
    buildFinishedOn: time(metadata, 'buildFinishedOn'),
    completeness: isObject(completeness)
      ? defined({
          parameters: flag(completeness, 'parameters'),
          environment: flag(completeness, 'environment'),
          materials: flag(completeness, 'materials'),
        })
      : undefined,
    reproducible: flag(metadata, 'reproducible'),
  });
}

function material(value: unknown): Fields {
  return defined({ uri: text(value, 'uri'), digest: texts(field(value, 'digest')) });
}

function text(value: unknown, name: string): string | undefined {
  const member = field(value, name);
  return typeof member === 'string' ? member : undefined;
}

function flag(value: unknown, name: string): boolean | undefined {
  const member = field(value, name);
  return typeof member === 'boolean' ? member : undefined;
}

function struct(value: unknown, name: string): Fields | undefined {
  const member = field(value, name);
  return isObject(member) ? member : undefined;
}

function time(value: unknown, name: string): string | undefined {
  const member = text(value, name);
  return member !== undefined && !Number.isNaN(Date.parse(member)) ? member : undefined;
}

function texts(value: unknown): Fields | undefined {
  if (!isObject(value)) return undefined;
  return Object.fromEntries(Object.entries(value).filter(([, member]) => typeof member === 'string'));
}

function defined(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
