// SPDX-License-Identifier: Apache-2.0
import { stringify } from 'yaml';
import type { PolicyTrust, VerifierConfiguration } from './policy-trust.ts';
import { UsageError } from '../cli-error.ts';
import { YAML_OUTPUT } from '../yaml-output.ts';

/**
 * Prints a policy configuration for Conforma (`ec validate image --policy FILE --image IMAGE`) with the accepted signer, and with the builder
 * and the predicate type as the data that Conforma's own rules read. The reader chooses the rules for attestations in `sources`. Conforma
 * accepts one signer, so it is the current one.
 */
export function conformaTrust(material: PolicyTrust): VerifierConfiguration {
  const { description, keys, identity, isLogged, logURL } = material;
  const [active] = keys;
  const accepted = identity === undefined ? keys.slice(0, 1) : [];
  if (active === undefined && identity === undefined)
    throw new UsageError(`${description} publishes neither a key nor a certificate identity yet`);
  const signer =
    identity === undefined
      ? { publicKey: active?.publicKey }
      : { identity: { subject: identity.identity, issuer: identity.issuer } };
  const configuration = {
    name: material.name,
    description: `Evidence of ${description} of Hallmark.`,
    ...signer,
    ...(isLogged && logURL !== undefined ? { rekorUrl: logURL } : {}),
    sources: [{ name: 'rules', policy: ['./policy'], ...ruleData(material) }],
  };
  const head = [
    `# ec validate image --policy THIS-FILE --image IMAGE${isLogged ? '' : ' --ignore-rekor'}`,
    '# The Rego rules for attestations are in ./policy: name your own sources instead.',
  ];
  const left = keys.slice(accepted.length);
  return {
    text: `${head.join('\n')}\n${stringify(configuration, YAML_OUTPUT)}`,
    keys: accepted,
    notices: left.map(
      ({ keyID }) =>
        `key ${keyID} is not accepted, because Conforma takes one signer: images that only this key signed are refused. ` +
        'Judge them with a second policy file that holds it, or sign them again',
    ),
  };
}

/** Data of Conforma's rules `slsa_build_build_service` and `slsa_provenance_available`, under the names that they ask for. */
function ruleData({ predicateType, attestation }: PolicyTrust): object {
  if (predicateType === undefined) return {};
  return { ruleData: { allowed_builder_ids: [attestation.builderID], allowed_predicate_types: [predicateType] } };
}
