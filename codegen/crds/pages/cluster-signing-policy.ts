// SPDX-License-Identifier: Apache-2.0
import type { KindPage } from '../kind-page.ts';
import { policyColumns, policyConditions, policyDefaults, policyReasons } from './policy-texts.ts';

export const clusterSigningPolicyPage: KindPage = {
  kind: 'ClusterSigningPolicy',
  purpose: `A ClusterSigningPolicy selects the finished runs to sign with a key of the platform, in the namespaces that it selects.

It belongs to the platform team: the operator reads its Secret in the operator's namespace, and it uses only
[ClusterStorageBackends](clusterstoragebackend.md). Its records are in the namespaces of the runs. It works independently of the
teams' own policies: a run that both select gets a record and a signature from each. \`subjects.allowedRepositories\` is
required, because one key signs for many namespaces. Without a \`namespaceSelector\`, it selects every namespace except the
operator's own and those whose names begin with \`kube-\`.`,
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
