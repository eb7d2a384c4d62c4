// SPDX-License-Identifier: Apache-2.0
import type { Column } from './kind-page.ts';

/** A column that shows a field of a condition. */
export function conditionColumn(name: string, condition: string, part: 'status' | 'reason' | 'message'): Column {
  return {
    name,
    type: 'string',
    jsonPath: `.status.conditions[?(@.type=="${condition}")].${part}`,
    description: `The ${part} of the condition ${condition}.`,
    ...(part === 'message' ? { wide: true } : {}),
  };
}

export const ageColumn: Column = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description: 'Time since it was made.',
};

export const readyColumns = [conditionColumn('Ready', 'Ready', 'status'), conditionColumn('Reason', 'Ready', 'reason')];
export const messageColumn = conditionColumn('Message', 'Ready', 'message');
