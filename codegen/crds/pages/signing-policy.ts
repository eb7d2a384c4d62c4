// SPDX-License-Identifier: Apache-2.0
import type { KindPage } from '../kind-page.ts';
import { policyColumns, policyConditions, policyDefaults, policyReasons } from './policy-texts.ts';

export const signingPolicyPage: KindPage = {
  kind: 'SigningPolicy',
  purpose: `A SigningPolicy selects the finished runs of its namespace to sign. It sets the format, the key, and where the evidence goes.

It belongs to the team that owns the namespace: the operator reads the Secret and the backends that it names only in that
namespace. For each selected run, the policy gets one [ProvenanceRecord](provenancerecord.md). If two policies select the same
run, there are two records, and neither policy overrides the other. A policy signs runs that finish after its creation, unless
\`runs.finishedAfter\` says otherwise. While it is invalid or its key is missing, its runs are recorded as unsigned with that
reason. They are signed once you fix it.`,
  example: `apiVersion: hallmark.dev/v1alpha1
kind: SigningPolicy
metadata:
  name: builds
  namespace: team-a
spec:
  selector:
    matchLabels:
      team-a.example.com/sign: 'true'
  subjects:
    allowedRepositories: [registry.example.com/team-a/*]
  signer:
    type: Key
    key:
      secretRef:
        name: signing-secrets
  backendRefs:
    - kind: StorageBackend
      name: registry
  record:
    retention: Seconds
    seconds: 604800
`,
  columns: policyColumns,
  selectableFields: [],
  conditions: policyConditions,
  reasons: policyReasons,
  defaults: policyDefaults,
};
