// SPDX-License-Identifier: Apache-2.0
import type { KindPage } from '../kind-page.ts';
import { policyColumns, policyConditions, policyDefaults, policyReasons } from './policy-texts.ts';

export const clusterSigningPolicyPage: KindPage = {
  kind: 'ClusterSigningPolicy',
  purpose: `A ClusterSigningPolicy says which finished runs of the namespaces it selects are signed with a key of the platform.

It belongs to the platform team: its Secret is read in the operator's namespace, and it reaches
[ClusterStorageBackends](clusterstoragebackend.md) only. Its records lie beside the runs, in their namespaces. It stands
beside the teams' own policies: a run that both select gets a record and a signature of each. Because one key vouches for
many namespaces, \`subjects.allowedRepositories\` is required. Without a \`namespaceSelector\` it reaches every namespace but
the operator's own and those whose names begin with \`kube-\`.`,
  example: `apiVersion: hallmark.dev/v1alpha1
kind: ClusterSigningPolicy
metadata:
  name: releases
spec:
  namespaceSelector:
    matchLabels:
      example.com/stage: production
  runs:
    kinds: [PipelineRun]
  subjects:
    allowedRepositories: [registry.example.com/*]
  signer:
    type: Key
    key:
      secretRef:
        name: platform-signing-key
  backendRefs:
    - kind: ClusterStorageBackend
      name: platform-registry
`,
  columns: policyColumns,
  selectableFields: [],
  conditions: policyConditions,
  reasons: policyReasons,
  defaults: policyDefaults,
};
