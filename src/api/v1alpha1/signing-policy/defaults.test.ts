// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { effectiveSigningPolicySpec, shownDefaults } from './defaults.ts';
import type { SigningPolicySpec } from './schema.ts';

const signer = { type: 'Key', key: { secretRef: { name: 'signing-secrets' } } } as const;
const created = '2026-01-31T12:00:00Z';

describe('effectiveSigningPolicySpec', () => {
  it('fills in every default', () => {
    assert.deepEqual(effectiveSigningPolicySpec({ signer }, created), {
      selector: {},
      runs: { kinds: ['TaskRun', 'PipelineRun'], outcomes: ['Succeeded'], managedBy: [], finishedAfter: created },
      attestation: {
        format: 'slsa/v2alpha4',
        buildType: 'https://tekton.dev/chains/v2/slsa',
        builderID: 'https://tekton.dev/chains/v2',
        deepInspection: false,
        redactParameters: [],
      },
      imageSignatures: { formats: ['SimpleSigning'], indexChildren: false },
      subjects: { allowedRepositories: [], onIgnored: 'Warn' },
      children: { onMissing: 'Warn', notes: 'Memory' },
      signer,
      transparency: { timestampAuthorities: [] },
      backendRefs: [],
      mode: 'Enforce',
      suspend: false,
      deletionGuard: { type: 'Release', timeoutSeconds: 600 },
      compatibility: { chainsAnnotations: false },
      record: { retention: 'Seconds', seconds: 604_800 },
      recordEvidence: 'Keep',
    });
  });

  it('keeps each field that is set', () => {
    const spec: SigningPolicySpec = {
      signer,
      selector: { matchLabels: { a: 'b' } },
      runs: { outcomes: ['Failed'], finishedAfter: '2020-01-01T00:00:00Z' },
      attestation: { deepInspection: true },
      imageSignatures: { formats: [], indexChildren: true },
      subjects: { allowedRepositories: ['r/*'], onIgnored: 'Refuse' },
      children: { onMissing: 'Refuse' },
      backendRefs: [{ kind: 'StorageBackend', name: 'registry' }],
      mode: 'Audit',
      suspend: true,
      record: { retention: 'Seconds', seconds: 60, evidence: 'UntilStored' },
    };
    const effective = effectiveSigningPolicySpec(spec, created);
    assert.deepEqual(effective.runs, {
      kinds: ['TaskRun', 'PipelineRun'],
      outcomes: ['Failed'],
      managedBy: [],
      finishedAfter: '2020-01-01T00:00:00Z',
    });
    assert.equal(effective.attestation.deepInspection, true);
    assert.equal(effective.attestation.format, 'slsa/v2alpha4');
    assert.equal(effective.recordEvidence, 'UntilStored');
    assert.deepEqual(shownDefaults(effective).record, { retention: 'Seconds', seconds: 60, evidence: 'UntilStored' });
    const { selector, imageSignatures, subjects, backendRefs, mode, suspend, record } = effective;
    assert.deepEqual(
      { selector, imageSignatures, subjects, backendRefs, mode, suspend, record },
      {
        selector: spec.selector,
        imageSignatures: spec.imageSignatures,
        subjects: spec.subjects,
        backendRefs: spec.backendRefs,
        mode: 'Audit',
        suspend: true,
        record: { retention: 'Seconds', seconds: 60 },
      },
    );
  });

  it('has a held run wait for ten minutes at most, unless the policy says otherwise', () => {
    const guardOf = (deletionGuard: NonNullable<SigningPolicySpec['deletionGuard']>): unknown =>
      effectiveSigningPolicySpec({ signer, deletionGuard }, created).deletionGuard;
    assert.deepEqual(guardOf({ type: 'Hold' }), { type: 'Hold', timeoutSeconds: 600 });
    assert.deepEqual(guardOf({ type: 'Hold', timeoutSeconds: 30 }), { type: 'Hold', timeoutSeconds: 30 });
  });

  it('shows in status the fields with defaults, not the required ones', () => {
    const shown = shownDefaults(effectiveSigningPolicySpec({ signer }, created));
    const names = [
      'runs',
      'attestation',
      'imageSignatures',
      'subjects',
      'mode',
      'suspend',
      'deletionGuard',
      'compatibility',
      'record',
    ];
    assert.deepEqual(Object.keys(shown), names);
  });
});
