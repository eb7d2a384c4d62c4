// SPDX-License-Identifier: Apache-2.0
import type { Reason } from '../../src/api/v1alpha1/reasons.ts';

/** The text of docs/reasons.md about one reason. */
export interface ReasonText {
  readonly meaning: string;
  /** The kinds whose conditions carry it. */
  readonly setOn: string;
  readonly remedy: string;
}

const POLICY = 'policies';
const BACKEND = 'backends';
const RECORD = 'records';
const CEILING = 'ceilings';
const policyAndRecord = `${POLICY}, ${RECORD}`;
const backendAndRecord = `${BACKEND}, ${RECORD}`;
const nothing = 'Nothing.';

/** A text for each reason of the closed list; the type rejects a reason without one. */
export const reasonTexts: Readonly<Record<Reason, ReasonText>> = {
  Ready: {
    meaning: 'The policy or backend is valid, and everything that it names was found and works. A ceiling is in force.',
    setOn: `${POLICY}, ${BACKEND}, ${CEILING}`,
    remedy: nothing,
  },
  Progressing: {
    meaning: 'The operator is still working, or will retry. On a policy: one of its backends has not been probed yet.',
    setOn: policyAndRecord,
    remedy: 'Nothing. If the state lasts, read the message.',
  },
  Signed: { meaning: 'Every artifact of the run is signed.', setOn: RECORD, remedy: nothing },
  Logged: {
    meaning:
      'Every artifact has its transparency log entry and the timestamps that the policy asks for, and they verify.',
    setOn: RECORD,
    remedy: nothing,
  },
  Verified: {
    meaning: 'The evidence was read back from every backend, equals what was signed, and verifies.',
    setOn: RECORD,
    remedy: nothing,
  },
  Stored: {
    meaning: 'Every artifact is signed and stored in every backend promised for it.',
    setOn: RECORD,
    remedy: nothing,
  },
  Complete: { meaning: 'The evidence covers everything that the run announced.', setOn: RECORD, remedy: nothing },
  AuditOnly: {
    meaning:
      'The policy is in Audit mode: the record shows the statements that would be signed, and nothing is signed or stored.',
    setOn: policyAndRecord,
    remedy: 'Set `spec.mode: Enforce` on the policy once the statements look right.',
  },
  Suspended: {
    meaning:
      'The policy is suspended: its runs are recorded and wait unsigned. The policy itself is `Ready=True`, because its author wants it so; its records are `Ready=False`.',
    setOn: policyAndRecord,
    remedy: 'Set `spec.suspend: false` on the policy.',
  },
  WaitingForChildren: {
    meaning: 'The PipelineRun has finished, but some of its TaskRuns have not.',
    setOn: RECORD,
    remedy: 'Nothing. The operator continues when they finish.',
  },
  ChildMissing: {
    meaning:
      'A TaskRun that the PipelineRun names is gone. The operator waits a minute for it, then states the run without it and adds a warning to the evidence. With `children.onMissing: Refuse`, the policy signs nothing of such a run.',
    setOn: RECORD,
    remedy:
      'Keep TaskRuns until their PipelineRun is signed. To sign what is left of a refused run, set `spec.children.onMissing: Warn` on the policy.',
  },
  ChildReplaced: {
    meaning:
      'The object under the name of a child is not the TaskRun, or nested PipelineRun, that ran: it was created after the PipelineRun had completed, is not controlled by it, or differs from what the operator saw finish. The run is stated without it, with a warning in the evidence. With `children.onMissing: Refuse`, the policy signs nothing of such a run.',
    setOn: RECORD,
    remedy:
      'Find out who replaced the child (the audit log of the API server names them), and run the pipeline again. To sign what is left of a refused run, set `spec.children.onMissing: Warn` on the policy.',
  },
  ChildrenReadLater: {
    meaning:
      'The policy has `children.notes: Recorded` and `children.onMissing: Refuse`, and the operator did not see a child of the PipelineRun finish: it was away, could not write its note, or had removed the notes with an earlier record of the run. So nothing shows that the child is the one that ran, and nothing of the run is signed.',
    setOn: RECORD,
    remedy:
      'Run the pipeline again. To sign the run with the children that are there, set `spec.children.onMissing: Warn` on the policy. Two replicas of the operator see children finish while one is away.',
  },
  NoSubjects: {
    meaning:
      'A backend cannot hold an artifact. Registries store evidence under the image that it describes, Grafeas under what the run built, and Archivista accepts only envelopes. A backend that can hold nothing of the record is `NotApplicable` in `status.storage`: it is tried once, not counted in `STORED`, and not read back. The record says `NoSubjects` only if none of its backends can hold some artifact.',
    setOn: RECORD,
    remedy:
      'Have the task emit `IMAGE_URL` and `IMAGE_DIGEST` results (or another type hint), without a scheme such as `https://` before the host. Or add a backend of type Tekton, or select fewer runs.',
  },
  SubjectIgnored: {
    meaning:
      'The run announces a build output in a form that cannot be read, so it is not a subject. On `Complete`, the rest is signed. On `Ready`, the policy says `subjects.onIgnored: Refuse`, or nothing else was left to sign.',
    setOn: RECORD,
    remedy:
      'Fix the task so that it emits the results that the message asks for, and run it again. `hallmark preview` shows the same warning offline. To sign everything that can be read, set `spec.subjects.onIgnored: Warn` on the policy.',
  },
  StatementIncomplete: {
    meaning: 'The statement lacks something other than a subject: a material, an announced input or a task.',
    setOn: RECORD,
    remedy: 'Fix what the message names, and run it again. [warnings.md](warnings.md) lists the kinds.',
  },
  PayloadInvalid: {
    meaning: 'No statement can be made from the run: a result or field has a form that the format cannot express.',
    setOn: RECORD,
    remedy:
      'Fix the task that produced the value named in the message. `hallmark preview` shows the payloads of a run offline.',
  },
  PayloadTooLarge: {
    meaning:
      'The payloads of the run, with their signatures and witnesses, do not fit into a record (1100 KiB). Or the run holds more than 100,000 values, or a TaskRun has more than 1024 steps and sidecars. Or a PipelineRun has more than 4096 children, children of more than 16 MiB together, or more than 8192 objects that carry its label. Or the record alone takes more than a PolicyCeiling allows for all records of the namespace.',
    setOn: RECORD,
    remedy:
      'Emit smaller results and parameters, turn off `imageSignatures.indexChildren`, ask for fewer timestamps, or split the run. Where the message names a PolicyCeiling, have the platform team raise `counts.evidenceBytes`. Delete objects that carry the label `tekton.dev/pipelineRunUID` of a PipelineRun and are not its children. Then delete the record, and it is made again from its run.',
  },
  SubjectNotAllowed: {
    meaning: 'The run reports a build output outside the repositories that the policy allows, so it is not signed.',
    setOn: RECORD,
    remedy:
      "If the run may push there, add the repository to `spec.subjects.allowedRepositories` of the policy. If not, check the run's task.",
  },
  CeilingExceeded: {
    meaning:
      'A policy or backend says more than a PolicyCeiling allows in its namespace. The message names the ceiling, the field, its value and what is allowed. Runs that such a policy selects stay unsigned, and nothing is sent to such a backend, until one of them changes. Where a namespace has as many records as it allows, further runs wait.',
    setOn: `${POLICY}, ${BACKEND}, ${RECORD}, Event of a run that waits`,
    remedy:
      'Change the field that the message names, or ask the platform team to allow the value. `hallmark lint --ceiling FILE` checks a manifest offline. To make room for records, delete stored records whose runs are gone, or a run and its record, or shorten `spec.record`. A record whose run is still there would be made and signed again.',
  },
  GuardForbidden: {
    meaning:
      'The policy holds runs (`spec.deletionGuard`), and the operator may not patch runs: it keeps none of them from being deleted. The policy still signs.',
    setOn: POLICY,
    remedy:
      'Have the platform team set the chart value `rbac.patchRuns` to true, or set `spec.deletionGuard.type` to Release.',
  },
  AnnotationForbidden: {
    meaning:
      'The policy asks for the annotations of Tekton Chains on its runs (`spec.compatibility.chainsAnnotations`), and the operator may not patch runs: it annotates none. The policy still signs.',
    setOn: POLICY,
    remedy:
      'Have the platform team set the chart value `rbac.patchRuns` to true, or set `spec.compatibility.chainsAnnotations` to false. Runs that were stored meanwhile are annotated within five minutes after the operator may patch them.',
  },
  PolicyInvalid: {
    meaning:
      'The policy is invalid. Runs that it selected stay unsigned until it is fixed, and are signed then. On a ceiling: it cannot be read, so nothing is allowed in its namespaces.',
    setOn: `${POLICY}, ${RECORD}, ${CEILING}`,
    remedy: 'Change what the message names. `hallmark lint` checks a manifest offline.',
  },
  PolicyDeleted: {
    meaning: 'The policy was deleted before the run was signed, or before its signatures were witnessed.',
    setOn: RECORD,
    remedy:
      'Create the policy again under the same name. If its runs can stay unsigned, delete the record, or leave it: it is deleted after its own retention.',
  },
  KeyNotFound: {
    meaning: "The signer's Secret does not exist, or has no entry that holds a key.",
    setOn: policyAndRecord,
    remedy:
      'Create the Secret that the message names, with `x509.pem`, or with `cosign.key` and `cosign.password`. Waiting runs are signed within a minute.',
  },
  KeyInvalid: {
    meaning:
      "The signer's Secret exists, but its key does not load, or its signatures do not verify with its public key.",
    setOn: policyAndRecord,
    remedy:
      'Put a PKCS#8 key (ECDSA P-256, P-384 or P-521, RSA or Ed25519), or a cosign key with the right password, under the entry that the message names.',
  },
  KeyExpired: {
    meaning: "The key's validity window is over or has not begun, so nothing is signed with it.",
    setOn: policyAndRecord,
    remedy:
      'Name a new Secret in `spec.signer.key.secretRef` and the old one in `retired`, or correct `notBefore` and `notAfter`.',
  },
  SignerUnavailable: {
    meaning: 'The signing service (KMS or Fulcio) does not respond, or returns something other than a valid signature.',
    setOn: policyAndRecord,
    remedy:
      'Check that the service is running and that the operator can reach it. Runs wait, and are signed once it is back.',
  },
  SignerUnauthorized: {
    meaning: 'The signing service does not let the policy sign: credentials are missing, wrong or insufficient.',
    setOn: policyAndRecord,
    remedy: 'Grant the identity that the message names the permission to sign with this key.',
  },
  TransparencyLogUnavailable: {
    meaning:
      'The transparency log does not accept the entry, or the trusted root needed to verify it cannot be read. With `onFailure: Retry`, the evidence waits for it.',
    setOn: policyAndRecord,
    remedy:
      'Check that the log or the TUF mirror is running and that the operator can reach it. Or set `onFailure: StoreWithout`.',
  },
  TimestampAuthorityUnavailable: {
    meaning:
      'A timestamp authority returns no timestamp, or the trusted root needed to verify it cannot be read. The evidence waits for it.',
    setOn: policyAndRecord,
    remedy:
      'Check that the authority is running and that the operator can reach it. Or remove it from `spec.transparency.timestampAuthorities`.',
  },
  BackendNotFound: {
    meaning: 'The run has no backend: none accepts it, or one that the policy names does not exist.',
    setOn: policyAndRecord,
    remedy:
      "Create a StorageBackend in the namespace (a ClusterStorageBackend for a cluster policy), or correct the policy's `spec.backendRefs` and the selectors. Once a name is corrected, waiting records are bound to the backends that the policy names.",
  },
  BackendNotReady: {
    meaning: 'A backend is misconfigured, or its probe fails. Nothing is sent to it until the probe succeeds.',
    setOn: `${POLICY}, ${BACKEND}, ${RECORD}`,
    remedy: "Read the backend's own message. Records continue once it is ready.",
  },
  BackendUnauthorized: {
    meaning: 'The backend rejected the credentials, or there are none for it.',
    setOn: backendAndRecord,
    remedy:
      "Add a pull Secret for the registry to `secrets` of the run's ServiceAccount, or correct the Secret in `spec.oci.authentication`.",
  },
  BackendUnavailable: {
    meaning: 'The backend did not respond, or cannot serve at the moment. The operator retries.',
    setOn: backendAndRecord,
    remedy: 'Check the backend and the network to it.',
  },
  BackendRejected: {
    meaning: 'The backend understood the request and refused it.',
    setOn: backendAndRecord,
    remedy: 'Read the message: the image may not exist, the repository name may be invalid, or a quota may be full.',
  },
  KeyConflict: {
    meaning:
      "Another policy's evidence already uses the names that this record would write: in a run's annotations, or under Tekton Chains' object and row names. The first policy keeps them. On a backend entry that is `Stored`, it means that two images of the record have one digest and share a name there. The first of them is stored, and the other cannot be.",
    setOn: RECORD,
    remedy:
      "Let only one policy use the backend for these runs (by `spec.backendRefs` or the backend's selector). Or give each policy its own names with `spec.keys: PerPolicy`, if the backend has it. Or remove the evidence that holds the names.",
  },
  EndpointForbidden: {
    meaning:
      "The operator's configuration does not allow connections to this host, does not allow sending it tokens, or does not list the policy's transparency log.",
    setOn: `${POLICY}, ${backendAndRecord}`,
    remedy:
      "Ask the platform team to allow what the message names in the operator's configuration (`outbound.allow`, `tokens.destinations` or `transparency.logs`). Or use another host or log.",
  },
  VerificationFailed: {
    meaning:
      "Something does not verify: the record's seal, what a backend holds in place of this evidence, or the answer of a log or timestamp authority that `spec.trustedRoot` does not cover. Or `spec.trustedRoot` is not a valid trusted root.",
    setOn: policyAndRecord,
    remedy:
      "The message names the object. Find out who else writes there, or correct `spec.trustedRoot` of the policy. If a record's seal fails, the operator makes the record again.",
  },
  RunDeleted: {
    meaning:
      'The run was deleted before it was signed, and too little is left to sign it. In an Event of a run: its deletion guard let it go at the deadline, before it was stored.',
    setOn: `${RECORD}, Event of a run`,
    remedy:
      'Keep runs until they are signed, for example by `spec.deletionGuard` of the policy. This run cannot be recovered. Delete its record, or leave it: it is deleted after its own retention.',
  },
};
