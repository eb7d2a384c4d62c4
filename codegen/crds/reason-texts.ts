// SPDX-License-Identifier: Apache-2.0
import type { Reason } from '../../src/api/v1alpha1/reasons.ts';

/** What docs/reasons.md says of a reason. */
export interface ReasonText {
  readonly meaning: string;
  /** The kinds whose conditions carry it. */
  readonly setOn: string;
  readonly remedy: string;
}

const POLICY = 'policies';
const BACKEND = 'backends';
const RECORD = 'records';
const policyAndRecord = `${POLICY}, ${RECORD}`;
const backendAndRecord = `${BACKEND}, ${RECORD}`;
const nothing = 'Nothing.';

/** A text for each reason of the closed list; the type makes one without a text an error. */
export const reasonTexts: Readonly<Record<Reason, ReasonText>> = {
  Ready: { meaning: 'The policy or backend is valid, and what it names was found and works.', setOn: `${POLICY}, ${BACKEND}`, remedy: nothing },
  Progressing: {
    meaning: 'The operator is at work, or will try again by itself. On a policy: one of its backends has not been probed yet.',
    setOn: policyAndRecord,
    remedy: 'Nothing; if it stays, read the message.',
  },
  Signed: { meaning: 'Every artifact of the run carries its signature.', setOn: RECORD, remedy: nothing },
  Logged: {
    meaning: 'Every artifact is in the transparency log and has the timestamps that the policy asks for, and their proofs verify.',
    setOn: RECORD,
    remedy: nothing,
  },
  Verified: {
    meaning: 'What every backend holds was read back, is what was signed, and verifies.',
    setOn: RECORD,
    remedy: nothing,
  },
  Stored: { meaning: 'Every artifact is signed, and every backend it was promised to holds it.', setOn: RECORD, remedy: nothing },
  Complete: { meaning: 'All that the run announced is in its evidence.', setOn: RECORD, remedy: nothing },
  AuditOnly: {
    meaning: 'The policy is in Audit mode: the record shows what would be signed; nothing is signed or stored.',
    setOn: policyAndRecord,
    remedy: 'Set `spec.mode: Enforce` on the policy when the statements read well.',
  },
  Suspended: {
    meaning: 'The policy is suspended: its runs are recorded, and wait unsigned. The policy itself is `Ready=True`, because it is as its author wants it; its records are `Ready=False`.',
    setOn: policyAndRecord,
    remedy: 'Set `spec.suspend: false` on the policy.',
  },
  WaitingForChildren: {
    meaning: 'The PipelineRun has finished, but not all of its TaskRuns have.',
    setOn: RECORD,
    remedy: 'Nothing; it goes on when they finish.',
  },
  ChildMissing: {
    meaning: 'A TaskRun that the PipelineRun names is gone. For a minute it is waited for; then the run is signed without it, with a warning in the evidence.',
    setOn: RECORD,
    remedy: 'Keep TaskRuns until their PipelineRun is signed.',
  },
  NoSubjects: {
    meaning:
      'An artifact has no place in a backend: registries file evidence under the image that it is about, Grafeas under what the run built, and Archivista takes envelopes alone. A backend that holds nothing of the record is `NotApplicable` in `status.storage`: it is tried once, not counted in `STORED` and not read back. The record says `NoSubjects` only where an artifact has no place in any of its backends.',
    setOn: RECORD,
    remedy: 'Let the run write `IMAGE_URL` and `IMAGE_DIGEST` (or another type hint) as results, without a scheme such as `https://` before the host, add a backend of type Tekton, or select fewer runs.',
  },
  SubjectIgnored: {
    meaning:
      'The run announces something that it built in a form that cannot be read, so that it is no subject. On `Complete` the rest is signed; on `Ready` the policy says `subjects.onIgnored: Refuse`, or nothing else was left to sign.',
    setOn: RECORD,
    remedy:
      'Let the task write what the message asks for, and run it again. `hallmark preview` shows the same warning offline. To sign what can be read, set `spec.subjects.onIgnored: Warn` on the policy.',
  },
  StatementIncomplete: {
    meaning: 'The statement lacks something that is no subject: a material, an announced input, a task.',
    setOn: RECORD,
    remedy: 'Mend what the message names, and run it again. [warnings.md](warnings.md) lists the kinds.',
  },
  PayloadInvalid: {
    meaning: 'No statement can be made from the run: a result or field has a form that the format cannot express.',
    setOn: RECORD,
    remedy: 'Mend the task that wrote what the message names. `hallmark preview` shows the payloads of a run offline.',
  },
  PayloadTooLarge: {
    meaning: 'The payloads of the run do not fit into a record (1100 KiB) with the signatures and what witnesses them.',
    setOn: RECORD,
    remedy:
      'Let results and parameters carry less, turn off `imageSignatures.indexChildren`, ask for fewer timestamps, or split the run.',
  },
  SubjectNotAllowed: {
    meaning: 'The run says it built something outside the repositories that the policy allows; it is not signed.',
    setOn: RECORD,
    remedy: "Add the repository to `spec.subjects.allowedRepositories` of the policy, if the run may push there; else look into the run's task.",
  },
  PolicyInvalid: {
    meaning: 'The policy cannot be used as it stands. Runs it selected stay unsigned, and are signed when it is mended.',
    setOn: policyAndRecord,
    remedy: 'Change what the message names. `hallmark lint` checks a manifest offline.',
  },
  PolicyDeleted: {
    meaning: 'The policy was deleted before the run could be signed, or before its signatures were witnessed.',
    setOn: RECORD,
    remedy: 'Make the policy again under the same name. If its runs are to stay unsigned, leave the record: it retires as its own retention says. An administrator may delete it sooner; the roles of the chart let teams read records, not delete them.',
  },
  KeyNotFound: {
    meaning: 'The Secret of the signer is not there, or has no entry that holds a key.',
    setOn: policyAndRecord,
    remedy: 'Make the Secret that the message names, with `x509.pem`, or `cosign.key` and `cosign.password`. Waiting runs are signed within a minute.',
  },
  KeyInvalid: {
    meaning: 'The Secret of the signer was found, but its key does not load or does not sign what it verifies.',
    setOn: policyAndRecord,
    remedy: 'Put a PKCS#8 key (ECDSA P-256, P-384 or P-521, RSA or Ed25519), or a cosign key with the right password, under the entry that the message names.',
  },
  KeyExpired: {
    meaning: 'The validity window of the key is over (or has not begun), so that nothing is signed with it.',
    setOn: policyAndRecord,
    remedy: 'Name a new Secret in `spec.signer.key.secretRef` and the old one in `retired`, or mend `notBefore` and `notAfter`.',
  },
  SignerUnavailable: {
    meaning: 'The signing service (KMS or Fulcio) does not answer, or answers with something that is no signature.',
    setOn: policyAndRecord,
    remedy: 'See that the service runs and can be reached from the operator; runs wait and are signed when it is back.',
  },
  SignerUnauthorized: {
    meaning: 'The signing service does not let the policy sign: no, wrong or insufficient credentials.',
    setOn: policyAndRecord,
    remedy: 'Grant the identity that the message names the permission to sign with this key.',
  },
  TransparencyLogUnavailable: {
    meaning:
      'The transparency log does not take the entry, or the trusted root to judge it by is out of reach. With `onFailure: Retry` the evidence waits for it.',
    setOn: policyAndRecord,
    remedy: 'See that the log, or the TUF mirror, runs and can be reached; or set `onFailure: StoreWithout`.',
  },
  TimestampAuthorityUnavailable: {
    meaning:
      'A timestamp authority gives no timestamp, or the trusted root to judge it by is out of reach. The evidence waits for it.',
    setOn: policyAndRecord,
    remedy: 'See that the authority runs and can be reached, or take it out of `spec.transparency.timestampAuthorities`.',
  },
  BackendNotFound: {
    meaning: 'No backend is in reach for the run: none takes it, or one that the policy names is not there.',
    setOn: policyAndRecord,
    remedy: 'Make a StorageBackend in the namespace (or a ClusterStorageBackend for a cluster policy), or mend `spec.backendRefs` of the policy and the selectors. Records that wait for a name that is mended are bound to the backends that the policy names then.',
  },
  BackendNotReady: {
    meaning:
      'A backend cannot be used as it is written, or is known not to work: nothing is sent to it until its probe succeeds.',
    setOn: `${POLICY}, ${BACKEND}, ${RECORD}`,
    remedy: "Read the backend's own message; records go on by themselves when it is ready.",
  },
  BackendUnauthorized: {
    meaning: 'The backend refused the credentials, or there are none for it.',
    setOn: backendAndRecord,
    remedy: "Give the run's ServiceAccount a pull Secret for the registry under `secrets`, or mend the Secret of `spec.oci.authentication`.",
  },
  BackendUnavailable: {
    meaning: 'The backend did not answer, or said that it cannot serve now. It is tried again by itself.',
    setOn: backendAndRecord,
    remedy: 'Look at the backend and the network to it.',
  },
  BackendRejected: {
    meaning: 'The backend understood what was sent and refused it.',
    setOn: backendAndRecord,
    remedy: 'Read the message: an image that does not exist, a repository name that is not valid, a quota.',
  },
  KeyConflict: {
    meaning:
      "Another policy's evidence lies under the names that this record would write, in a run's annotations or under the object and row names of Tekton Chains; the first policy keeps them. In the entry of a backend that is `Stored` it means that two images of the record are of one digest and share a name there: the first of them is stored, the other has no place.",
    setOn: RECORD,
    remedy:
      'Let only one policy use the backend for these runs (by `spec.backendRefs` or the backend\'s selector), give each its own names with `spec.keys: PerPolicy` where the backend has it, or remove what holds the names.',
  },
  EndpointForbidden: {
    meaning: "The operator's configuration does not allow connections, or tokens, to this host, or does not list the transparency log that the policy names.",
    setOn: `${POLICY}, ${backendAndRecord}`,
    remedy: "Ask the platform team to allow what the message names in the operator's configuration (`outbound.allow`, `tokens.destinations` or `transparency.logs`), or use another.",
  },
  VerificationFailed: {
    meaning:
      'Something does not verify: the seal of the record, what lies where this evidence belongs, or what a log or timestamp authority answered, of which `spec.trustedRoot` knows nothing; or `spec.trustedRoot` is none.',
    setOn: policyAndRecord,
    remedy: 'The message names the object. Find out who else writes there, or mend `spec.trustedRoot` of the policy. The operator makes a record whose seal fails anew.',
  },
  RunDeleted: {
    meaning: 'The run was deleted before it could be signed, and what is left does not suffice to sign it.',
    setOn: RECORD,
    remedy: 'Keep runs until they are signed. Nothing brings this one back: the record retires as its own retention says, or an administrator deletes it when it was read.',
  },
};
