// SPDX-License-Identifier: Apache-2.0
import Type from 'typebox';
import { matchesRule } from '../cel-rule.ts';

const regionName = /^[a-z]{2,}(-[a-z0-9]+)+$/;

/** The name of a region: it becomes part of host names. */
export function awsRegion(description: string) {
  return Type.String({
    description,
    minLength: 1,
    maxLength: 64,
    'x-kubernetes-validations': [matchesRule(regionName, "must be a region's name, such as eu-central-1")],
  });
}
