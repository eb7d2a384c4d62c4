// SPDX-License-Identifier: Apache-2.0
import type { Bounds, Excess } from './ceiling-definition.ts';

/** The reasons why nothing at all is allowed in a namespace: bounds that are not known. */
export function unreadableBounds({ ceilings, isUncertain }: Bounds): readonly Excess[] {
  const unreadable = ceilings.flatMap(({ name, invalid }) =>
    invalid === undefined
      ? []
      : [{ ceiling: name, message: `it cannot be read, so nothing is allowed until it is fixed: ${invalid}` }],
  );
  if (!isUncertain) return unreadable;
  return [
    ...unreadable,
    { ceiling: '*', message: 'the labels of the namespace are not known yet, so nothing is allowed' },
  ];
}
