// SPDX-License-Identifier: Apache-2.0
import type { KindPage } from '../kind-page.ts';
import { backendColumns, backendConditions, backendDefaults, backendReasons } from './backend-texts.ts';

export const storageBackendPage: KindPage = {
  kind: 'StorageBackend',
  purpose: `A StorageBackend sets where the evidence of its namespace goes, and selects the runs whose evidence it takes.

Every [SigningPolicy](signingpolicy.md) of the namespace may use it. A policy that names no backends uses all those whose
\`selector\` takes the run. The operator reads the Secret and the ConfigMap that it names in the backend's own namespace. It
writes and retries each backend independently, so a failing one never blocks another. A run's record reports each of them.

\`Tekton\` writes annotations on the TaskRun or PipelineRun. \`OCI\` writes Sigstore bundles or cosign's tags, in the image's
repository or in \`oci.repository\`. [Stores](../stores/README.md) describes every type.`,
  example: `apiVersion: hallmark.dev/v1alpha1
kind: StorageBackend
metadata:
  name: registry
  namespace: team-a
spec:
  type: OCI
  oci:
    encoding: CosignTags
    authentication:
      type: RunServiceAccount
`,
  columns: backendColumns,
  selectableFields: [],
  conditions: backendConditions,
  reasons: backendReasons,
  defaults: backendDefaults,
};
