// SPDX-License-Identifier: Apache-2.0
import type { KindPage } from '../kind-page.ts';
import { backendColumns, backendConditions, backendDefaults, backendReasons } from './backend-texts.ts';

export const storageBackendPage: KindPage = {
  kind: 'StorageBackend',
  purpose: `A StorageBackend says where evidence of its namespace goes, and which runs' evidence it takes.

Every [SigningPolicy](signingpolicy.md) of the namespace may use it: one that names no backends uses all whose \`selector\` takes
the run. The Secret and the ConfigMap that it names are read in its own namespace. Backends are written and retried each on
its own, so that one that fails never stops another; a run's record tells them apart.

\`Tekton\` writes annotations on the TaskRun or PipelineRun. \`OCI\` writes the tags that \`cosign verify\` and \`cosign
verify-attestation\` read, beside the image or in \`oci.repository\`.`,
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
