// SPDX-License-Identifier: Apache-2.0
import type { PolicyTrust } from './policy-trust.ts';
import { UsageError } from '../cli-error.ts';

/**
 * Prints a Rego module that checks the predicate type, builder, build type and subjects of a statement. The statement's signature must be
 * verified before, because OPA cannot verify a DSSE signature.
 */
export function opaTrust(material: PolicyTrust): string {
  const { description, predicateType, attestation } = material;
  if (predicateType === undefined) throw new UsageError(`${description} makes no attestations that OPA could check`);
  const isV1 = predicateType === 'https://slsa.dev/provenance/v1';
  const expected = {
    predicateType,
    builderID: attestation.builderID,
    ...(isV1 ? { buildType: attestation.buildType } : {}),
  };
  return `# Checks the provenance of ${description}. Verify the signature first, for example:
#   cosign verify-attestation … IMAGE@DIGEST | jq '{envelope: ., digest: "sha256:…"}' |
#     opa eval --stdin-input --fail --data THIS-FILE 'data.hallmark.allow == true'
# Input: {"envelope": a DSSE envelope, "digest": "sha256:…"}
package hallmark

import rego.v1

expected := ${JSON.stringify(expected, undefined, '\t')}

default allow := false

allow if count(deny) == 0

statement := json.unmarshal(base64.decode(input.envelope.payload))

builder := ${isV1 ? 'statement.predicate.runDetails.builder.id' : 'statement.predicate.builder.id'}

deny contains "the payload is not an in-toto statement" if not is_statement

deny contains "the predicate type is not the expected one" if not statement.predicateType == expected.predicateType

deny contains "the builder is not the expected one" if not builder == expected.builderID
${isV1 ? '\ndeny contains "the build type is not the expected one" if not statement.predicate.buildDefinition.buildType == expected.buildType\n' : ''}
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
}
