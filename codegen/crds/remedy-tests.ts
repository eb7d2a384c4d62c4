// SPDX-License-Identifier: Apache-2.0
import type { Reason } from '../../src/api/v1alpha1/reasons.ts';

/** An end-to-end test that breaks something, expects the reason, carries out its remedy, and expects recovery. */
export interface RemedyTest {
  readonly file: string;
  /** The beginning of the test's title, as it stands in the file. */
  readonly title: string;
}

function remedies(title: string): RemedyTest {
  return { file: 'e2e/main-job/remedies.test.ts', title };
}

/** The tests of each remedy in docs/reasons.md; none if the remedy is to do nothing. The type rejects a reason without an entry. */
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
  ChildReplaced: [
    {
      file: 'e2e/hostile/forged-children.test.ts',
      title: 'is refused where the policy says so, and what is left of the run is signed once it does not',
    },
  ],
  ChildrenReadLater: [
    {
      file: 'e2e/hostile/forged-children.test.ts',
      title:
        'is refused where its notes are to be recorded and there is none, and is signed once the policy only warns',
    },
  ],
  NoSubjects: [remedies('NoSubjects: add a backend of type Tekton')],
  SubjectIgnored: [remedies('SubjectIgnored: set spec.subjects.onIgnored to Warn')],
  StatementIncomplete: [remedies('StatementIncomplete: fix what the message names, and run it again')],
  PayloadInvalid: [remedies('PayloadInvalid: fix the task that produced the value named in the message')],
  PayloadTooLarge: [
    remedies('PayloadTooLarge: emit smaller results'),
    {
      file: 'e2e/main-job/policy-ceiling.test.ts',
      title:
        'says so on a record that alone is too large, and signs its run once the ceiling allows more and the record is deleted',
    },
  ],
  SubjectNotAllowed: [remedies('SubjectNotAllowed: add the repository to spec.subjects.allowedRepositories')],
  CeilingExceeded: [
    {
      file: 'e2e/main-job/policy-ceiling.test.ts',
      title: 'signs the runs of a policy once it keeps within the ceiling',
    },
    { file: 'e2e/main-job/policy-ceiling.test.ts', title: 'signs them once the ceiling allows what the policy says' },
    { file: 'e2e/main-job/policy-ceiling.test.ts', title: 'signs a run that waited once a record is deleted' },
    { file: 'e2e/main-job/policy-ceiling.test.ts', title: 'signs a run that waited once there is room' },
  ],
  GuardForbidden: [
    {
      file: 'e2e/resilience/deletion-guard.test.ts',
      title:
        'is neither kept nor annotated where the operator may not patch runs, and its policy says so until it may or asks for less',
    },
  ],
  AnnotationForbidden: [
    {
      file: 'e2e/resilience/deletion-guard.test.ts',
      title:
        'is neither kept nor annotated where the operator may not patch runs, and its policy says so until it may or asks for less',
    },
  ],
  PolicyInvalid: [remedies('PolicyInvalid: change what the message names')],
  PolicyDeleted: [remedies('PolicyDeleted: create the policy again under the same name')],
  KeyNotFound: [remedies('KeyNotFound: create the Secret that the message names')],
  KeyInvalid: [remedies('KeyInvalid: put a key under the entry that the message names')],
  KeyExpired: [remedies('KeyExpired: correct notAfter')],
  SignerUnavailable: [
    {
      file: 'e2e/kms/kms-records.test.ts',
      title: 'see runs wait while the service is down, and signed once it is back',
    },
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
  TimestampAuthorityUnavailable: [remedies('TimestampAuthorityUnavailable: remove the authority from the policy')],
  BackendNotFound: [
    remedies('BackendNotFound: correct a name in spec.backendRefs'),
    remedies('BackendNotFound: name another backend than one that was deleted'),
    remedies('BackendNotFound: create a StorageBackend'),
  ],
  BackendNotReady: [
    remedies('BackendNotReady: do what the message of the backend says'),
    {
      file: 'e2e/storage/outbound-proxy.test.ts',
      title: 'says that its login is refused, and stores once the Secret is corrected and its pods are restarted',
    },
  ],
  BackendUnauthorized: [remedies("BackendUnauthorized: add a Secret for the registry to the run's ServiceAccount")],
  BackendUnavailable: [{ file: 'e2e/main-job/failures.test.ts', title: 'heals by itself when the registry is back' }],
  BackendRejected: [remedies('BackendRejected: push the image that does not exist')],
  KeyConflict: [
    {
      file: 'e2e/main-job/shared-backends.test.ts',
      title: 'gives each policy names of its own when configured so, and stores both',
    },
  ],
  EndpointForbidden: [
    remedies('EndpointForbidden: use another log, or none'),
    {
      file: 'e2e/sigstore/keyless-record.test.ts',
      title: 'learns that the operator may not act as its ServiceAccount until an administrator lists it',
    },
  ],
  VerificationFailed: [remedies('VerificationFailed: correct spec.trustedRoot of the policy')],
  RunDeleted: [remedies('RunDeleted: delete the record when it was read')],
};
