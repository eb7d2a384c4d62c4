// SPDX-License-Identifier: Apache-2.0
import type { PolicyTrust, VerifierConfiguration } from './policy-trust.ts';
import { UsageError } from '../cli-error.ts';

/**
 * Prints a Rego module that checks the predicate type, builder, build type and subjects of a statement. The statement's signature must be
 * verified before, because OPA cannot verify a DSSE signature. Each policy has a package of its own, so that the modules of
 * many policies load together.
 */
export function opaTrust(material: PolicyTrust): VerifierConfiguration {
  const { description, predicateType, attestation } = material;
  if (predicateType === undefined) throw new UsageError(`${description} makes no attestations that OPA could check`);
  const isV1 = predicateType === 'https://slsa.dev/provenance/v1';
  const expected = {
    predicateType,
    builderID: attestation.builderID,
    ...(isV1 ? { buildType: attestation.buildType } : {}),
  };
  const name = packageName(material);
  const text = `# Checks the provenance of ${description}. Verify the signature first, for example:
#   cosign verify-attestation … IMAGE@DIGEST | jq '{envelope: ., digest: "sha256:…"}' > input.json
# Then either of
#   opa eval --stdin-input --fail --data THIS-FILE 'data.${name}.allow == true' < input.json
#   conftest test --policy THIS-FILE --all-namespaces input.json
# Input: {"envelope": a DSSE envelope, "digest": "sha256:…"}
package ${name}

import rego.v1

expected := ${JSON.stringify(expected, undefined, '\t')}

default allow := false

allow if count(deny) == 0

default statement := {}

statement := json.unmarshal(base64.decode(input.envelope.payload))

builder := ${isV1 ? 'statement.predicate.runDetails.builder.id' : 'statement.predicate.builder.id'}
${isV1 ? '\nbuild_type := statement.predicate.buildDefinition.buildType\n' : ''}
deny contains "the payload is not an in-toto statement" if not is_statement

${mismatch('the predicate type', 'statement.predicateType', 'expected.predicateType')}

${mismatch('the builder', 'builder', 'expected.builderID')}
${isV1 ? `\n${mismatch('the build type', 'build_type', 'expected.buildType')}\n` : ''}
deny contains "the digest is not among the subjects" if not is_subject

is_statement if {
	input.envelope.payloadType == "application/vnd.in-toto+json"
	statement._type in {"https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1"}
}

is_subject if {
	[algorithm, hex] := split(input.digest, ":")
	some subject in statement.subject
	subject.digest[algorithm] == hex
}
`;
  return { text };
}

/** Two rules: one with the value that it found, and one for a statement without the value. */
function mismatch(what: string, found: string, expected: string): string {
  return `deny contains sprintf("${what} is %v, not %v", [${found}, ${expected}]) if ${found} != ${expected}

deny contains sprintf("${what} is missing; it should be %v", [${expected}]) if not ${found}`;
}

/** The name in JSON's quotes: a name of Kubernetes may have dots and dashes, which split or end a word of Rego. */
function packageName({ kind, namespace, policyName }: PolicyTrust): string {
  const path = namespace === undefined ? [policyName] : [namespace, policyName];
  return `hallmark.${kind.toLowerCase()}${path.map((part) => `[${JSON.stringify(part)}]`).join('')}`;
}
