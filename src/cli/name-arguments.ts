// SPDX-License-Identifier: Apache-2.0
import { InvalidArgumentError } from 'commander';
import { dnsSubdomain } from '../api/v1alpha1/fields/dns-subdomain.ts';

/** Reads the name of an object to make. @throws InvalidArgumentError */
export function objectName(value: string): string {
  if (value.length <= 253 && dnsSubdomain.test(value)) return value;
  throw new InvalidArgumentError("It must be an object's name: lower-case letters, digits, '-' and '.'.");
}

/** Reads the namespace of an object to make. @throws InvalidArgumentError */
export function namespaceName(value: string): string {
  if (value.length <= 63 && !value.includes('.')) return objectName(value);
  throw new InvalidArgumentError("It must be a namespace's name: at most 63 lower-case letters, digits and '-'.");
}
