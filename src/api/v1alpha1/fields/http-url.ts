// SPDX-License-Identifier: Apache-2.0
import Type from 'typebox';
import { matchesRule } from './cel-rule.ts';

const plainURL = /^https?:\/\/[^\s/?#@]+(\/[^\s?#]*)?$/;

/** The URL of a service: http or https, without credentials, query or fragment. */
export function httpURL(description: string) {
  return Type.String({
    description,
    minLength: 1,
    maxLength: 2048,
    'x-kubernetes-validations': [
      matchesRule(plainURL, 'must be an http or https URL without credentials, query and fragment'),
    ],
  });
}
