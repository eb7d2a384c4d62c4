// SPDX-License-Identifier: Apache-2.0
import Type, { type TProperties } from 'typebox';

/** A group of values; others than these are refused. */
export const group = (description: string, properties: TProperties) =>
  Type.Object(properties, { additionalProperties: false, description });

/** The name of an object, or nothing. */
export const name = (description: string, maxLength = 63) =>
  Type.String({ description, default: '', maxLength, pattern: '^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$' });

/** The name of a namespace. */
export const namespaceName = Type.String({ minLength: 1, maxLength: 63, pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$' });

/** The name of a ServiceAccount or Secret is a DNS subdomain. */
export const subdomain = Type.String({ minLength: 1, maxLength: 253, pattern: '^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$' });

/** ServiceAccounts as `namespace/name`. */
export const accounts = (description: string, defaults: string[]) =>
  Type.Array(Type.String({ maxLength: 317, pattern: '^[a-z0-9][-a-z0-9]*/[a-z0-9][-a-z0-9.]*$' }), {
    description,
    default: defaults,
    maxItems: 64,
  });

const quantity = Type.Union([
  Type.String({ pattern: '^[0-9.]+([a-zA-Z]{0,2}|e[0-9]+)$' }),
  Type.Number({ minimum: 0 }),
]);

/** Quantities of resources by name, as Kubernetes writes them. */
export const quantities = Type.Record(Type.String(), quantity);

/** Labels or annotations. */
export const labelValues = (description: string) =>
  Type.Record(Type.String(), Type.String(), { description, default: {} });

/** An object of Kubernetes, empty by default, whose fields the API server checks. */
export const openObject = (description: string) => Type.Object({}, { description, default: {} });

/** Objects of Kubernetes whose fields the API server checks. */
export const openObjects = (description: string) => Type.Array(Type.Object({}), { description, default: [] });

/** An object of Kubernetes whose fields the API server checks. */
export const openDefault = (description: string, value: object) => Type.Object({}, { description, default: value });

/** A number of pods, or a percentage of them. */
export const podCount = (description: string, value: number | string) =>
  Type.Union([Type.Integer({ minimum: 1 }), Type.String({ pattern: '^([0-9]{1,3}%)?$' })], {
    description,
    default: value,
  });

/** One topology spread constraint of the pods. */
export const spreadConstraint = Type.Object(
  {
    maxSkew: Type.Integer({ minimum: 1 }),
    topologyKey: Type.String({ minLength: 1 }),
    whenUnsatisfiable: Type.Enum(['ScheduleAnyway', 'DoNotSchedule']),
  },
  { additionalProperties: false },
);
