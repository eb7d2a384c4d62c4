// SPDX-License-Identifier: Apache-2.0
import { field, has } from '../../../json/fields.ts';

/**
 * One `x-kubernetes-validations` entry and its equivalent in code: the API server evaluates `rule`, offline validation
 * calls `holds`. A rule about a change (`oldSelf`) has no `holds`, because there is no old object offline.
 */
export interface CelRule {
  readonly rule: string;
  readonly message: string;
  readonly fieldPath?: string;
  /** The transition rule also runs on creation, with `oldSelf` optional. */
  readonly optionalOldSelf?: boolean;
  readonly holds?: (self: unknown) => boolean;
}

/** A member of a union: `member` is set exactly when the discriminator has `value`. */
export function unionRule(discriminator: string, value: string, member: string): CelRule {
  return {
    rule: `(has(self.${discriminator}) && self.${discriminator} == '${value}') == has(self.${member})`,
    message: `${member} must be set when ${discriminator} is ${value}, and only then`,
    holds: (self) => (field(self, discriminator) === value) === has(self, member),
  };
}

/** Require that a string matches `pattern`: a CEL rule instead of the schema's `pattern`, for a readable message. */
export function matchesRule(pattern: RegExp, message: string): CelRule {
  return {
    rule: `self.matches(r'${celPattern(pattern)}')`,
    message,
    holds: (self) => typeof self === 'string' && pattern.test(self),
  };
}

/** Write a regular expression for a raw string of CEL, which has no escaped slash. */
export function celPattern(pattern: RegExp): string {
  return pattern.source.replaceAll('\\/', '/');
}
