// SPDX-License-Identifier: Apache-2.0
import type { KindPage } from '../kind-page.ts';
import { backendColumns, backendConditions, backendDefaults, backendReasons } from './backend-texts.ts';

export const clusterStorageBackendPage: KindPage = {
  kind: 'ClusterStorageBackend',
  purpose: `A ClusterStorageBackend sets where the evidence of [ClusterSigningPolicies](clustersigningpolicy.md) goes, for the namespaces
that it selects.

It belongs to the platform team: the operator reads the Secret and the ConfigMap that it names in the operator's namespace. A
\`RunServiceAccount\` is always the run's own, in the run's namespace. Without a \`namespaceSelector\`, it selects every
namespace except the operator's own and those whose names begin with \`kube-\`.`,
  example: `apiVersion: hallmark.dev/v1alpha1
kind: ClusterStorageBackend
metadata:
  name: platform-registry
spec:
  type: OCI
  artifacts: [Attestation]
  oci:
    encoding: CosignTags
    repository: registry.example.com/platform/evidence
    authentication:
      type: Secret
      secretRef:
        name: platform-registry
`,
  columns: backendColumns,
  selectableFields: [],
  conditions: backendConditions,
  reasons: backendReasons,
  defaults: backendDefaults,
};
