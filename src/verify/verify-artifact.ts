// SPDX-License-Identifier: Apache-2.0
import type { KeyObject } from 'node:crypto';
import { publicKeyOf } from '../evidence/public-key.ts';
import { readCertificate, requireIdentity } from './checks/check-certificate.ts';
import { requireInWindow } from './checks/check-key-window.ts';
import { payloadProblems, readPayload } from './checks/check-payload.ts';
import type { PayloadFacts } from './checks/check-payload.ts';
import { checkWitnesses } from './checks/check-witnesses.ts';
import type { SigningParty, Witnessed } from './checks/check-witnesses.ts';
import type { Expectations } from './expectations.ts';
import type { Material } from './material/material.ts';
import { SignatureContent } from './signature-content.ts';
import { trustMaterial } from './trust-material.ts';
import type { VerificationProblem } from './verification-problem.ts';
import type { VerificationResult, VerifiedSigner } from './verification-result.ts';
import { VerificationFailure } from './verification-failure.ts';
import type { VerificationKey } from '../signing/verification-key.ts';

/**
 * Judges one signature: payload type, predicate type and subjects; the signature by an accepted key, or by a certificate with an accepted
 * identity; key window and certificate chain at the time of the signature; log entries and timestamps. Never throws: unreadable evidence
 * does not verify.
 * @param known the content of the payload, where these very bytes were read already
 */
export function verifyArtifact(
  material: Material,
  expectations: Expectations,
  known?: PayloadFacts,
): VerificationResult {
  const problems: VerificationProblem[] = [];
  const attempt = <T>(check: () => T): T | undefined => {
    try {
      return check();
    } catch (error) {
      problems.push(problemOf(error));
      return undefined;
    }
  };
  const payload = attempt(() => known ?? readPayload(material));
  if (payload !== undefined) problems.push(...payloadProblems(payload, expectations));
  const signed = attempt(() => verifySignature(material, expectations));
  if (signed !== undefined) problems.push(...missingWitnesses(signed.witnessed, expectations));
  const verified = problems.length === 0 && payload !== undefined && signed !== undefined;
  return { verified, problems, ...facts(material, payload, signed) };
}

interface Signed {
  readonly signer: VerifiedSigner;
  /** Absent without a trusted root. */
  readonly witnessed: Witnessed | undefined;
}

function verifySignature(material: Material, expectations: Expectations): Signed {
  const content = new SignatureContent(material);
  return material.certificate === undefined
    ? verifyByKey(material, content, expectations)
    : verifyByCertificate(material, material.certificate, content, expectations);
}

function verifyByKey(material: Material, content: SignatureContent, expectations: Expectations): Signed {
  const { key, publicKey } = signingKey(content, expectations.keys);
  const party = { publicKey, certificate: undefined };
  const witnessed = witnesses(material, content, party, expectations);
  requireInWindow(key, witnessed?.times ?? [], expectations.signedAt ?? expectations.now);
  return { signer: { type: 'Key', keyID: key.keyID }, witnessed };
}

function verifyByCertificate(
  material: Material,
  der: Buffer,
  content: SignatureContent,
  expectations: Expectations,
): Signed {
  if (expectations.identities.length === 0) {
    throw new VerificationFailure('TrustMissing', 'a certificate signed it, and no certificate identity is accepted');
  }
  const certificate = readCertificate(der);
  const { publicKey } = certificate.node;
  if (!content.verifySignature(publicKey)) {
    throw new VerificationFailure('SignatureInvalid', 'the signature does not verify with the certificate');
  }
  const witnessed = witnesses(material, content, { publicKey, certificate }, expectations);
  if (witnessed === undefined) {
    throw new VerificationFailure('TrustMissing', 'a certificate signed it, which takes a trusted root to judge');
  }
  const identity = requireIdentity(certificate, expectations.identities);
  return { signer: { type: 'Certificate', ...identity }, witnessed };
}

function witnesses(
  material: Material,
  content: SignatureContent,
  party: SigningParty,
  { trustedRoot }: Expectations,
): Witnessed | undefined {
  if (trustedRoot === undefined) return undefined;
  const der = party.certificate === undefined ? party.publicKey.export({ format: 'der', type: 'spki' }) : undefined;
  return checkWitnesses(material, content, party, trustMaterial(trustedRoot, der));
}

/** Finds the accepted key that made the signature. The evidence's key hint is unsigned, and ignored. */
function signingKey(
  content: SignatureContent,
  keys: readonly VerificationKey[],
): { readonly key: VerificationKey; readonly publicKey: KeyObject } {
  if (keys.length === 0) throw new VerificationFailure('TrustMissing', 'a key signed it, and no key is accepted');
  for (const key of keys) {
    const publicKey = readKey(key);
    if (content.verifySignature(publicKey)) return { key, publicKey };
  }
  const tried = keys.map(({ keyID }) => keyID).join(', ');
  throw new VerificationFailure('SignatureInvalid', `the signature does not verify with ${tried}`);
}

function readKey({ keyID, publicKey }: VerificationKey): KeyObject {
  try {
    return publicKeyOf(publicKey);
  } catch (error) {
    throw new VerificationFailure('TrustMissing', `public key ${keyID} cannot be read`, { cause: error });
  }
}

function missingWitnesses(
  witnessed: Witnessed | undefined,
  { logs, timestamps, trustedRoot }: Expectations,
): readonly VerificationProblem[] {
  const problems: VerificationProblem[] = [];
  const hint = trustedRoot === undefined ? '; without a trusted root none counts' : '';
  const found = { logs: witnessed?.logs ?? 0, authorities: witnessed?.authorities ?? 0 };
  if (found.logs < logs) {
    problems.push({ code: 'LogEntryMissing', message: `${found.logs} of ${logs} transparency logs took it${hint}` });
  }
  if (found.authorities < timestamps) {
    const message = `${found.authorities} of ${timestamps} timestamp authorities saw it${hint}`;
    problems.push({ code: 'TimestampMissing', message });
  }
  return problems;
}

function facts(
  material: Material,
  payload: PayloadFacts | undefined,
  signed: Signed | undefined,
): Omit<VerificationResult, 'verified' | 'problems'> {
  const witnessed = signed?.witnessed;
  const unjudged = material.logEntries.length + material.timestamps.length;
  const isUnjudged = signed !== undefined && witnessed === undefined && unjudged > 0;
  return {
    ...(signed === undefined ? {} : { signer: signed.signer }),
    ...(payload === undefined ? {} : { predicateType: payload.predicateType }),
    subjects: payload?.subjects ?? [],
    times: witnessed?.times ?? [],
    logIndexes: witnessed?.logIndexes ?? [],
    notes: isUnjudged ? ['log entries and timestamps were not judged and do not count: there is no trusted root'] : [],
  };
}

function problemOf(error: unknown): VerificationProblem {
  if (error instanceof VerificationFailure) return error.problem();
  return { code: 'MaterialInvalid', message: 'the evidence cannot be read' };
}
