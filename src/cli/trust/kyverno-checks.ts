// SPDX-License-Identifier: Apache-2.0
import { IMAGE_SIGNATURE_TYPE } from '../../verify/expectations.ts';
import { UsageError } from '../cli-error.ts';
import { hasKyvernoTrust, kyvernoAttestors } from './kyverno-attestors.ts';
import type { KyvernoAttestor } from './kyverno-attestors.ts';
import { hasBundledSignatures } from './policy-trust.ts';
import type { PolicyTrust } from './policy-trust.ts';

/** The checks that Kyverno does for each image, and those that it cannot do. */
export interface KyvernoChecks {
  readonly attestors: readonly KyvernoAttestor[];
  readonly attestations: readonly object[];
  readonly validations: readonly Validation[];
  readonly notices: readonly string[];
}

interface Validation {
  readonly expression: string;
  readonly message: string;
}

const TUF_REMEDY =
  'Kyverno 1.19 takes the keys of logs and authorities only from a TUF repository whose trusted root has a log, a certificate log and ' +
  'a certificate authority: give the policy such a trustedRoot with type: TUF';
const BUNDLES_REMEDY =
  "in cosign's tags Kyverno 1.19 takes attestations only with an entry in a log that it can check. Keep the evidence in bundles " +
  '(imageSignatures.formats: [SigstoreStatement] and a backend with encoding: SigstoreBundle)';

/** Selects the checks that Kyverno 1.19 can do for evidence of this policy. @throws UsageError if there are none */
export function kyvernoChecks(material: PolicyTrust): KyvernoChecks {
  const { description, identity, isLogged, predicateType, imageFormats } = material;
  const attestors = kyvernoAttestors(material);
  if (attestors.length === 0)
    throw new UsageError(`Kyverno cannot verify the certificates of ${description}: ${TUF_REMEDY}`);
  const signature = imageFormats.length === 0 ? undefined : signatureCheck(material, attestors);
  const isProven = predicateType !== undefined && takesAttestations(material);
  if (signature === undefined && !isProven)
    throw new UsageError(`Kyverno cannot verify the provenance of ${description}: ${BUNDLES_REMEDY}`);
  const provenance = isProven ? provenanceCheck(material, predicateType, attestors) : undefined;
  const canTrust = hasKyvernoTrust(material);
  return {
    attestors,
    attestations: [signature, provenance].flatMap((check) => check?.attestations ?? []),
    validations: [signature, provenance].flatMap((check) => check?.validations ?? []),
    notices: [
      ...(predicateType !== undefined && !isProven ? [`the provenance is not checked: ${BUNDLES_REMEDY}`] : []),
      ...(identity !== undefined && !canTrust ? [`the certificate identity is not accepted: ${TUF_REMEDY}`] : []),
      ...(isLogged && !canTrust ? [`entries in the log are not checked: ${TUF_REMEDY}`] : []),
    ],
  };
}

interface Check {
  readonly attestations: readonly object[];
  readonly validations: readonly Validation[];
}

function takesAttestations(material: PolicyTrust): boolean {
  return material.isInBundles || (material.isLogged && hasKyvernoTrust(material));
}

/** In bundles, Kyverno takes an attestation of any type as a signature, so this requires the type. */
function signatureCheck(material: PolicyTrust, attestors: readonly KyvernoAttestor[]): Check {
  const message = `the image is not signed as ${material.description} signs`;
  if (!hasBundledSignatures(material))
    return {
      attestations: [],
      validations: [{ message, expression: ofAll(`verifyImageSignatures(image, ${listed(attestors)}) > 0`) }],
    };
  const verifies = `verifyAttestationSignatures(image, 'signature', ${listed(attestors)}) > 0`;
  return {
    attestations: [{ name: 'signature', intoto: { type: IMAGE_SIGNATURE_TYPE } }],
    validations: [{ message, expression: ofAll(verifies) }],
  };
}

function provenanceCheck(
  { description, attestation }: PolicyTrust,
  type: string,
  attestors: readonly KyvernoAttestor[],
): Check {
  const isV1 = type === 'https://slsa.dev/provenance/v1';
  const builder = isExpected(`${isV1 ? 'runDetails.?' : ''}builder.?id`, attestation.builderID);
  const buildType = isExpected('buildDefinition.?buildType', attestation.buildType);
  const expected = isV1 ? `${builder} && ${buildType}` : builder;
  return {
    attestations: [{ name: 'provenance', intoto: { type } }],
    validations: [
      {
        message: `the image has no provenance that ${description} signed`,
        expression: ofAll(`verifyAttestationSignatures(image, 'provenance', ${listed(attestors)}) > 0`),
      },
      {
        message: `the provenance names another builder or build type than ${description}`,
        expression: ofAll(expected),
      },
    ],
  };
}

/** A field that is missing differs. Without the `?`, Kyverno refuses it as an error in the policy, and not with the message of the check. */
function isExpected(field: string, value: string): string {
  return `extractPayload(image, 'provenance').?predicate.?${field}.orValue('') == ${JSON.stringify(value)}`;
}

function ofAll(condition: string): string {
  return `variables.images.all(image, ${condition})`;
}

function listed(attestors: readonly KyvernoAttestor[]): string {
  return `[${attestors.map(({ name }) => `attestors.${name}`).join(', ')}]`;
}
