// SPDX-License-Identifier: Apache-2.0
import { ageColumn, messageColumn, readyColumns } from '../columns.ts';
import type { KindPage } from '../kind-page.ts';

export const policyCeilingPage: KindPage = {
  kind: 'PolicyCeiling',
  purpose: `A PolicyCeiling bounds what the SigningPolicies and StorageBackends of the namespaces that it selects may say, and gives defaults.

It belongs to the platform team. All ceilings that select a namespace hold there together: each bound of each. An absent field bounds nothing,
and an empty list allows nothing. A policy or backend that says more is \`Ready=False\` with the reason \`CeilingExceeded\`; runs that such a
policy selects are recorded unsigned and are signed once it keeps within the ceiling. That holds for what was there before the ceiling, too.
ClusterSigningPolicies and ClusterStorageBackends are the platform's own, and no ceiling bounds them.

Where a namespace has as many records as \`counts.records\` or \`counts.evidenceBytes\` allow, further runs wait, and are recorded and signed once there is room.

A retention beyond \`record.maxSeconds\` is cut, and the policy stays ready. [ceilings.md](../ceilings.md) is a guide.`,
  example: `apiVersion: hallmark.dev/v1alpha1
kind: PolicyCeiling
metadata:
  name: teams
spec:
  namespaceSelector:
    matchLabels:
      example.com/tenant: 'true'
  signers:
    types: [Key, KMS]
    kmsURIs: ['awskms:///alias/{namespace}/*']
    kmsHosts: []
    fulcioURLs: []
  attestation:
    formats: [slsa/v2alpha4, slsa/v1]
    builderIDs: ['https://builds.example.com/{namespace}']
  subjects:
    allowedRepositories: ['registry.example.com/{namespace}/*']
  transparency:
    logs: [https://rekor.example.com]
  backends:
    types: [OCI, Tekton]
    hosts: [registry.example.com]
    clusterBackends: [archive]
  children:
    notes: [Memory]
  deletionGuard:
    types: [Release, Hold]
    maxTimeoutSeconds: 3600
  record:
    default:
      retention: Seconds
      seconds: 86400
    maxSeconds: 604800
  counts:
    policies: 10
    backends: 10
    records: 5000
    evidenceBytes: 104857600
`,
  columns: [
    ...readyColumns,
    {
      name: 'Namespaces',
      type: 'integer',
      jsonPath: '.status.observed.namespaces',
      description: 'Namespaces that it bounds.',
    },
    {
      name: 'Policies over',
      type: 'integer',
      jsonPath: '.status.observed.exceedingPolicies',
      description: 'SigningPolicies that exceed it.',
    },
    {
      name: 'Backends over',
      type: 'integer',
      jsonPath: '.status.observed.exceedingBackends',
      description: 'StorageBackends that exceed it.',
    },
    messageColumn,
    ageColumn,
  ],
  selectableFields: [],
  conditions: [
    { type: 'Ready', meaning: 'It can be read, and is in force.' },
    { type: 'Reconciling', meaning: 'Never: it is in force as soon as the operator sees it.' },
    { type: 'Stalled', meaning: 'It cannot be read; the message says why.' },
  ],
  reasons: ['Ready', 'PolicyInvalid'],
  defaults: new Map(),
};
