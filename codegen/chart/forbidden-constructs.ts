// SPDX-License-Identifier: Apache-2.0
const constructs: Readonly<Record<string, RegExp>> = {
  // `helm test` is started by hand. Argo CD and Flux leave its objects out.
  'a hook': /helm\.sh\/hook"?:(?!\s*test\s*$)/m,
  lookup: /\{\{[^}]*\blookup\b/,
  'a random or changing value':
    /\{\{[^}]*\b(rand(Alpha|AlphaNum|Ascii|Bytes|Int|Numeric)|uuidv4|gen(CA|SelfSignedCert|SignedCert|PrivateKey)\w*|now|shuffle|bcrypt|htpasswd)\b/,
};

/**
 * List constructs that Argo CD or Flux cannot render as helm does: a hook runs at other times, `lookup` finds nothing,
 * and a random value changes the release at every sync.
 */
export function forbiddenConstructs(template: string): readonly string[] {
  return Object.entries(constructs)
    .filter(([, pattern]) => pattern.test(template))
    .map(([name]) => name);
}
