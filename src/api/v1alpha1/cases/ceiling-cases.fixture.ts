// SPDX-License-Identifier: Apache-2.0
import type { AcceptedManifest, RefusedManifest } from './case.fixture.ts';
import { ceiling } from './case-objects.fixture.ts';

const glob = 'must be a glob without spaces and backslashes';
const manyGlobs = Array.from({ length: 65 }, (_, index) => `registry.example.com/${String(index)}/*`);

/** Ceilings that must be accepted. */
export const acceptedCeilings: readonly AcceptedManifest[] = [
  { name: 'a ceiling that bounds nothing', manifest: ceiling({}) },
  {
    name: 'a ceiling that bounds everything',
    manifest: ceiling({
      namespaceSelector: { matchExpressions: [{ key: 'example.com/tenant', operator: 'Exists' }] },
      signers: {
        types: ['Key', 'KMS', 'Keyless'],
        kmsURIs: ['awskms:///alias/{namespace}-*'],
        kmsHosts: [],
        fulcioURLs: ['https://fulcio.example.com'],
      },
      attestation: {
        formats: ['slsa/v1', 'None'],
        buildTypes: ['https://tekton.dev/chains/v2/slsa'],
        builderIDs: ['https://builds.example.com/{namespace}'],
      },
      subjects: { allowedRepositories: ['registry.example.com/{namespace}/*'] },
      transparency: { logs: [], timestampAuthorities: ['https://tsa.example.com/*'], required: ['TimestampAuthority'] },
      backends: { types: ['OCI', 'Kafka'], hosts: ['registry.example.com:5000'], clusterBackends: ['archive-*'] },
      children: { notes: ['Memory', 'Recorded'] },
      deletionGuard: { types: ['Hold'], maxTimeoutSeconds: 86_400, default: { type: 'Hold', timeoutSeconds: 86_400 } },
      record: { default: { retention: 'Seconds', seconds: 60 }, maxSeconds: 3_153_600_000 },
      auditOnly: true,
      counts: { policies: 0, backends: 1_000_000, records: 0, evidenceBytes: 1_099_511_627_776 },
    }),
  },
];

/** Ceilings that must be refused. */
export const ceilingCases: readonly RefusedManifest[] = [
  {
    name: 'a ceiling with an unknown kind of notes',
    manifest: ceiling({ children: { notes: ['Forgotten'] } }),
    path: 'spec.children.notes[0]',
    message: 'must be Memory or Recorded',
    serverMessage: 'Unsupported value: "Forgotten"',
  },
  {
    name: 'a ceiling with an unknown type of signer',
    manifest: ceiling({ signers: { types: ['PGP'] } }),
    path: 'spec.signers.types[0]',
    message: 'must be Key or KMS or Keyless',
    serverMessage: 'Unsupported value: "PGP"',
  },
  {
    name: 'a ceiling that allows no type of signer',
    manifest: ceiling({ signers: { types: [] } }),
    path: 'spec.signers.types',
    message: 'must NOT have fewer than 1 items',
    serverMessage: 'should have at least 1 items',
  },
  {
    name: 'a ceiling with an unknown format',
    manifest: ceiling({ attestation: { formats: ['slsa/v9'] } }),
    path: 'spec.attestation.formats[0]',
    message: 'must be slsa/v2alpha4 or slsa/v2alpha3 or slsa/v1 or in-toto or None',
    serverMessage: 'Unsupported value: "slsa/v9"',
  },
  {
    name: 'a ceiling with a space in a glob',
    manifest: ceiling({ subjects: { allowedRepositories: ['registry.example.com/ *'] } }),
    path: 'spec.subjects.allowedRepositories[0]',
    message: glob,
  },
  {
    name: 'a ceiling with a backslash in a glob',
    manifest: ceiling({ attestation: { builderIDs: ['https://builds\\E.*'] } }),
    path: 'spec.attestation.builderIDs[0]',
    message: glob,
  },
  {
    name: 'a ceiling with a glob twice',
    manifest: ceiling({ backends: { hosts: ['a.example', 'a.example'] } }),
    path: 'spec.backends.hosts',
    message: 'must not hold "a.example" twice',
    serverMessage: 'Duplicate value: "a.example"',
  },
  {
    name: 'a ceiling with more globs than a list may hold',
    manifest: ceiling({ subjects: { allowedRepositories: manyGlobs } }),
    path: 'spec.subjects.allowedRepositories',
    message: 'must NOT have more than 64 items',
    serverMessage: 'must have at most 64 items',
  },
  {
    name: 'a ceiling that requires a log and allows none',
    manifest: ceiling({ transparency: { required: ['Log'], logs: [] } }),
    path: 'spec.transparency',
    message: 'required names Log, so logs must allow one',
  },
  {
    name: 'a ceiling that requires a timestamp authority and allows none',
    manifest: ceiling({ transparency: { required: ['TimestampAuthority'], timestampAuthorities: [] } }),
    path: 'spec.transparency',
    message: 'required names TimestampAuthority, so timestampAuthorities must allow one',
  },
  {
    name: 'a ceiling with a default retention in seconds without their number',
    manifest: ceiling({ record: { default: { retention: 'Seconds' } } }),
    path: 'spec.record.default',
    message: 'seconds must be set when retention is Seconds, and only then',
  },
  {
    name: 'a ceiling with seconds for a default retention of another type',
    manifest: ceiling({ record: { default: { retention: 'WithRun', seconds: 60 } } }),
    path: 'spec.record.default',
    message: 'seconds must be set when retention is Seconds, and only then',
  },
  {
    name: 'a ceiling with a default deletion guard that it does not allow',
    manifest: ceiling({ deletionGuard: { types: ['Release'], default: { type: 'Hold' } } }),
    path: 'spec.deletionGuard',
    message: 'default must lie within types and maxTimeoutSeconds',
  },
  {
    name: 'a ceiling with a default deletion guard that holds for longer than it allows',
    manifest: ceiling({
      deletionGuard: { maxTimeoutSeconds: 60, default: { type: 'Hold', timeoutSeconds: 61 } },
    }),
    path: 'spec.deletionGuard',
    message: 'default must lie within types and maxTimeoutSeconds',
  },
  {
    name: 'a ceiling that lets runs be kept for more than a day',
    manifest: ceiling({ deletionGuard: { maxTimeoutSeconds: 86_401 } }),
    path: 'spec.deletionGuard.maxTimeoutSeconds',
    message: 'must be <= 86400',
    serverMessage: 'should be less than or equal to 86400',
  },
  {
    name: 'a ceiling with a negative count',
    manifest: ceiling({ counts: { policies: -1 } }),
    path: 'spec.counts.policies',
    message: 'must be >= 0',
    serverMessage: 'should be greater than or equal to 0',
  },
  {
    name: 'a ceiling that leaves no byte for evidence',
    manifest: ceiling({ counts: { evidenceBytes: 0 } }),
    path: 'spec.counts.evidenceBytes',
    message: 'must be >= 1',
    serverMessage: 'should be greater than or equal to 1',
  },
];
