// SPDX-License-Identifier: Apache-2.0
import type { KindPage } from '../kind-page.ts';
import { policyColumns, policyConditions, policyDefaults, policyReasons } from './policy-texts.ts';

export const signingPolicyPage: KindPage = {
  kind: 'SigningPolicy',
  purpose: `A SigningPolicy says which finished runs of its namespace are signed, in what format, by which key and where the
evidence goes.

It belongs to the team that owns the namespace: the Secret and the backends that it names are read in that namespace alone.
Every run and policy that meet make one [ProvenanceRecord](provenancerecord.md); two policies that select the same run make
two, and neither overrides the other. A policy signs runs that finish after it was made, unless \`runs.finishedAfter\` says
otherwise. While it is invalid or its key is missing, the runs it selects are recorded as unsigned with that reason, and
signed when it is mended.`,
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
