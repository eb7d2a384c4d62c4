// SPDX-License-Identifier: Apache-2.0
import type { Reason } from '../../src/api/v1alpha1/reasons.ts';

/** An end-to-end test that breaks something, sees the reason, does what its remedy says, and sees it heal. */
export interface RemedyTest {
  readonly file: string;
  /** The beginning of the test's title, as it stands in the file. */
  readonly title: string;
}

function remedies(title: string): RemedyTest {
  return { file: 'e2e/main-job/remedies.test.ts', title };
}

/** The test of each remedy in docs/reasons.md; none where the remedy is to do nothing. The type makes a reason without an entry an error. */
export const remedyTests: Readonly<Record<Reason, readonly RemedyTest[]>> = {
  Ready: [],
  Progressing: [],
  Signed: [],
  Logged: [],
  Verified: [],
  Stored: [],
  Complete: [],
  AuditOnly: [remedies('AuditOnly: set spec.mode to Enforce')],
  Suspended: [remedies('Suspended: set spec.suspend to false')],
  WaitingForChildren: [],
  ChildMissing: [
    {
      file: 'e2e/main-job/policies.test.ts',
      title: 'whose TaskRun is gone waits for it until the deadline, and is then signed with a warning that names it',
    },
  ],
  NoSubjects: [remedies('NoSubjects: add a backend of type Tekton')],
  SubjectIgnored: [remedies('SubjectIgnored: set spec.subjects.onIgnored to Warn')],
  StatementIncomplete: [remedies('StatementIncomplete: mend what the message names, and run it again')],
  PayloadInvalid: [remedies('PayloadInvalid: mend the task that wrote what the message names')],
  PayloadTooLarge: [remedies('PayloadTooLarge: let results carry less')],
  SubjectNotAllowed: [remedies('SubjectNotAllowed: add the repository to spec.subjects.allowedRepositories')],
  PolicyInvalid: [remedies('PolicyInvalid: change what the message names')],
  PolicyDeleted: [remedies('PolicyDeleted: make the policy again under the same name')],
  KeyNotFound: [remedies('KeyNotFound: make the Secret that the message names')],
  KeyInvalid: [remedies('KeyInvalid: put a key under the entry that the message names')],
  KeyExpired: [remedies('KeyExpired: mend notAfter')],
  SignerUnavailable: [
    { file: 'e2e/kms/kms-records.test.ts', title: 'see runs wait while the service is down, and signed once it is back' },
  ],
  SignerUnauthorized: [
    {
      file: 'e2e/kms/cloud-records.test.ts',
      title: 'see runs wait while they may not use the key, and signed once they may',
    },
  ],
  TransparencyLogUnavailable: [
    { file: 'e2e/sigstore/keyless-record.test.ts', title: 'waits for a log that is down, and goes on when it is back' },
    { file: 'e2e/sigstore/keyless-record.test.ts', title: 'stores without an entry where it would rather not wait' },
  ],
  TimestampAuthorityUnavailable: [remedies('TimestampAuthorityUnavailable: take the authority out of the policy')],
  BackendNotFound: [
    remedies('BackendNotFound: mend a name in spec.backendRefs'),
    remedies('BackendNotFound: name another backend than one that was deleted'),
    remedies('BackendNotFound: make a StorageBackend'),
  ],
  BackendNotReady: [remedies('BackendNotReady: do what the message of the backend says')],
  BackendUnauthorized: [remedies("BackendUnauthorized: give the run's ServiceAccount a Secret for the registry")],
  BackendUnavailable: [
    { file: 'e2e/main-job/failures.test.ts', title: 'heals by itself when the registry is back' },
  ],
  BackendRejected: [remedies('BackendRejected: push the image that does not exist')],
  KeyConflict: [
    {
      file: 'e2e/main-job/shared-backends.test.ts',
      title: 'gives each policy names of its own when it is told to, and both are stored',
    },
  ],
  EndpointForbidden: [
    remedies('EndpointForbidden: use another log, or none'),
    {
      file: 'e2e/sigstore/keyless-record.test.ts',
      title: 'is told that the operator may not act as its ServiceAccount until an administrator lists it',
    },
  ],
  VerificationFailed: [remedies('VerificationFailed: mend spec.trustedRoot of the policy')],
  RunDeleted: [remedies('RunDeleted: delete the record when it was read')],
};
