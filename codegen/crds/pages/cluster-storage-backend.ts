// SPDX-License-Identifier: Apache-2.0
import type { KindPage } from '../kind-page.ts';
import { backendColumns, backendConditions, backendDefaults, backendReasons } from './backend-texts.ts';

export const clusterStorageBackendPage: KindPage = {
  kind: 'ClusterStorageBackend',
  purpose: `A ClusterStorageBackend says where evidence goes that [ClusterSigningPolicies](clustersigningpolicy.md) sign, for the
namespaces it selects.

It belongs to the platform team: the Secret and the ConfigMap that it names are read in the operator's namespace. A
\`RunServiceAccount\` is always the run's own, in the run's namespace. Without a \`namespaceSelector\` it reaches every namespace
but the operator's own and those whose names begin with \`kube-\`.`,
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
