// SPDX-License-Identifier: Apache-2.0
/**
 * JSON Schemas of the specifications of in-toto (Statement v0.1 and v1, ResourceDescriptor) and SLSA (provenance v0.2
 * and v1). `subject` may be missing, as in the reference.
 */
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

const digestSet = { type: 'object', minProperties: 1, additionalProperties: { type: 'string' } };
const text = { type: 'string', minLength: 1 };
const time = { type: 'string', format: 'date-time', pattern: 'Z$' };
const object = { type: 'object' };

const subjects = {
  type: 'array',
  minItems: 1,
  items: { ...object, required: ['name', 'digest'], properties: { name: text, digest: digestSet } },
};

const resourceDescriptor = {
  ...object,
  minProperties: 1,
  additionalProperties: false,
  properties: {
    name: text,
    uri: text,
    digest: digestSet,
    content: { type: 'string', pattern: '^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$' },
    mediaType: text,
  },
};

const slsaV1 = {
  ...object,
  required: ['buildDefinition', 'runDetails'],
  additionalProperties: false,
  properties: {
    buildDefinition: {
      ...object,
      required: ['buildType', 'externalParameters'],
      additionalProperties: false,
      properties: {
        buildType: { type: 'string', format: 'uri' },
        externalParameters: { ...object, required: ['runSpec'], properties: { runSpec: object } },
        internalParameters: object,
        resolvedDependencies: { type: 'array', items: resourceDescriptor },
      },
    },
    runDetails: {
      ...object,
      required: ['builder'],
      additionalProperties: false,
      properties: {
        builder: { ...object, required: ['id'], properties: { id: { type: 'string', format: 'uri' } } },
        metadata: {
          ...object,
          additionalProperties: false,
          properties: { invocationId: { type: 'string' }, startedOn: time, finishedOn: time },
        },
        byproducts: { type: 'array', items: resourceDescriptor },
      },
    },
  },
};

const boolean = { type: 'boolean' };

const slsaV02 = {
  ...object,
  required: ['builder', 'buildType'],
  additionalProperties: false,
  properties: {
    builder: { ...object, required: ['id'], properties: { id: { type: 'string', format: 'uri' } } },
    buildType: text,
    invocation: {
      ...object,
      additionalProperties: false,
      properties: {
        configSource: {
          ...object,
          additionalProperties: false,
          properties: { uri: text, digest: digestSet, entryPoint: text },
        },
        parameters: object,
        environment: object,
      },
    },
    buildConfig: object,
    metadata: {
      ...object,
      additionalProperties: false,
      properties: {
        buildInvocationID: text,
        buildStartedOn: time,
        buildFinishedOn: time,
        completeness: {
          ...object,
          properties: { parameters: boolean, environment: boolean, materials: boolean },
        },
        reproducible: boolean,
      },
    },
    materials: {
      type: 'array',
      items: { ...object, additionalProperties: false, properties: { uri: text, digest: digestSet } },
    },
  },
};

function statement(type: string, predicateType: string, predicate: object): object {
  return {
    ...object,
    required: ['_type', 'predicateType', 'predicate'],
    additionalProperties: false,
    properties: { _type: { const: type }, subject: subjects, predicateType: { const: predicateType }, predicate },
  };
}

const definition = {
  anyOf: [
    statement('https://in-toto.io/Statement/v1', 'https://slsa.dev/provenance/v1', slsaV1),
    statement('https://in-toto.io/Statement/v0.1', 'https://slsa.dev/provenance/v0.2', slsaV02),
  ],
};

const ajv = new Ajv2020({ strict: true, strictTypes: false, allErrors: true });
addFormats.default(ajv);
const validate = ajv.compile(definition);

/** List the violations of a statement; empty when it is valid. */
export function statementProblems(value: unknown): readonly string[] {
  if (validate(value)) return [];
  return (validate.errors ?? []).map(({ instancePath, message = '' }) => `${instancePath} ${message}`);
}
