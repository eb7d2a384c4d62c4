// SPDX-License-Identifier: Apache-2.0
import Type from 'typebox';
import { matchesRule } from './cel-rule.ts';
import { dnsSubdomain } from './dns-subdomain.ts';

/** The name of an object (RFC 1123 subdomain): never a namespace, never a path. */
export function objectName(description: string) {
  return Type.String({
    description,
    minLength: 1,
    maxLength: 253,
    'x-kubernetes-validations': [
      matchesRule(
        dnsSubdomain,
        "must be an object's name: lower-case letters, digits, '-' and '.', without a namespace",
      ),
    ],
  });
}
