// SPDX-License-Identifier: Apache-2.0
import Type, { type Static } from 'typebox';
import { rfc3339Seconds } from './fields/date-time.ts';
import type { Immutable } from './fields/immutable.ts';
import type { Reason } from './reasons.ts';

const MAX_MESSAGE_LENGTH = 4096;

const conditionSchema = Type.Object({
  type: Type.String({ description: 'Which aspect this is about.', minLength: 1, maxLength: 316 }),
  status: Type.Enum(['True', 'False', 'Unknown'], { description: 'Whether it holds.' }),
  observedGeneration: Type.Optional(
    Type.Integer({ description: 'metadata.generation that this was computed from.', minimum: 0, format: 'int64' }),
  ),
  lastTransitionTime: Type.String({ description: 'When status last changed.', format: 'date-time' }),
  reason: Type.String({ description: 'Why, as one word of docs/reasons.md.', minLength: 1, maxLength: 64 }),
  message: Type.String({
    description: 'Why, for people: the object, the value and the remedy.',
    maxLength: MAX_MESSAGE_LENGTH,
  }),
});

/** A condition in the shape of metav1.Condition. */
export type Condition = Immutable<Static<typeof conditionSchema>>;

/** The `conditions` list of a status, one entry per type. */
export function conditionList(types: readonly string[]) {
  return Type.Array(conditionSchema, {
    description: `What holds for the object, by type: ${types.join(', ')}.`,
    maxItems: 16,
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['type'],
  });
}

/** A condition as a controller computes it; the transition time follows from the previous conditions. */
export interface ConditionFact {
  readonly type: string;
  readonly status: Condition['status'];
  readonly observedGeneration: number;
  readonly reason: Reason;
  readonly message: string;
}

/**
 * Compute the conditions to write: exactly those of `next`, in its order. `lastTransitionTime` is kept from `previous`
 * when the status is unchanged and is `now` when it changed or is new. Messages are cut to the limit of the schema.
 */
export function setConditions(
  previous: readonly Condition[] | undefined,
  next: readonly ConditionFact[],
  now: Date,
): readonly Condition[] {
  return next.map((fact) => {
    const before = previous?.find(({ type }) => type === fact.type);
    const lastTransitionTime = before?.status === fact.status ? before.lastTransitionTime : rfc3339Seconds(now);
    const { type, status, observedGeneration, reason } = fact;
    return { type, status, observedGeneration, lastTransitionTime, reason, message: boundedMessage(fact.message) };
  });
}

function boundedMessage(message: string): string {
  const characters = Array.from(message);
  return characters.length <= MAX_MESSAGE_LENGTH ? message : `${characters.slice(0, MAX_MESSAGE_LENGTH - 1).join('')}…`;
}
