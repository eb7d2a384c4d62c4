// SPDX-License-Identifier: Apache-2.0

const nothing = 'Nothing.';
const busy = 'If it grows without end, look at `hallmark_reconcile_seconds` for what is slow.';

/** The remedy for the value of each metric; a test insists on one for each. */
export const metricRemedies: Readonly<Record<string, string>> = {
  hallmark_build_info: 'If two versions run for long, finish the upgrade.',
  hallmark_runs_signed_total: 'If it stands still while runs finish, look at `hallmark_condition`.',
  hallmark_storage_attempts_total: 'For a `result` other than `Stored`, see its [reason](reasons.md).',
  hallmark_witness_attempts_total: 'For a `result` other than `Logged`, see its [reason](reasons.md).',
  hallmark_verifications_total:
    '`Failed`: a backend lost or changed evidence, see [VerificationFailed](reasons.md#verificationfailed). `Unread` is tried again.',
  hallmark_queue_adds_total: nothing,
  hallmark_queue_retries_total: 'The log says why (`reconcile failed`).',
  hallmark_queue_wait_seconds: busy,
  hallmark_queue_depth: busy,
  hallmark_queue_delayed: nothing,
  hallmark_reconcile_seconds: 'For `result="Failed"`, read the log (`reconcile failed`).',
  hallmark_reconciles_active: nothing,
  hallmark_reconcile_longest_running_seconds:
    'A reconcile that runs for minutes waits for a server: look at the backends and signers that are not ready.',
  hallmark_kube_requests_total:
    'Codes 403: compare the permissions with [security.md](security.md). Code 429: see `hallmark_kube_request_seconds`.',
  hallmark_kube_request_seconds: 'Give the API server more room, or the operator a priority level of its own.',
  hallmark_watch_restarts_total: 'For a `cause` other than `Ended`, read the log (`watch restarts`).',
  hallmark_run_stored_seconds:
    'If it grows, look at `hallmark_record_oldest_waiting_seconds` and `hallmark_storage_attempts_total`.',
  hallmark_events_dropped_total:
    '`TooMany`, `Full`: one namespace has too many Events, nothing is to be done. `Failed`: read the log of the API server.',
  hallmark_trace_spans_total:
    'For `result="Failed"`, look at `config.tracing.endpoint` and the collector. Signing does not wait for it.',
  hallmark_leader: nothing,
  hallmark_shards_held: 'If the sum is below 16 for long, see [the alert](operations.md#hallmarkshardsunheld).',
  hallmark_records: 'See each [reason](reasons.md).',
  hallmark_records_bytes: 'See [how many records fit](operations.md#how-many-records-fit).',
  hallmark_records_held: 'See [the seal](operations.md#the-seal).',
  hallmark_runs_guarded: nothing,
  hallmark_runs_waiting: 'Shorten the retention of records, or raise the ceiling ([ceilings.md](ceilings.md)).',
  hallmark_record_oldest_waiting_seconds: 'See [the alert](operations.md#hallmarkrecordswaiting).',
  hallmark_condition: 'See [the alert](operations.md#hallmarknotready).',
  hallmark_condition_left_out: 'Have the namespaces with the most policies and backends delete what they do not use.',
  hallmark_key_not_after_timestamp_seconds: 'See [the alert](operations.md#hallmarkkeyexpires).',
};
