// SPDX-License-Identifier: Apache-2.0
const constructs: Readonly<Record<string, RegExp>> = {
  'a hook': /helm\.sh\/hook/,
  lookup: /\{\{[^}]*\blookup\b/,
  'a random or changing value':
    /\{\{[^}]*\b(rand(Alpha|AlphaNum|Ascii|Bytes|Int|Numeric)|uuidv4|gen(CA|SelfSignedCert|SignedCert|PrivateKey)\w*|now|shuffle|bcrypt|htpasswd)\b/,
};

/**
 * What a chart that is rendered by Argo CD or Flux must not hold: a hook runs there at other times than with helm,
 * `lookup` finds nothing, and a random value changes the release at every sync.
 */
export function forbiddenConstructs(template: string): readonly string[] {
  return Object.entries(constructs)
    .filter(([, pattern]) => pattern.test(template))
    .map(([name]) => name);
}
