// SPDX-License-Identifier: Apache-2.0
import Type from 'typebox';
import { field, has, listField } from '../../../json/fields.ts';
import { type CelRule, matchesRule } from '../fields/cel-rule.ts';
import { labelSelector } from '../fields/label-selector.ts';
import { enumSet } from '../fields/string-set.ts';
import { deletionGuardTypes, MAX_GUARD_SECONDS } from '../deletion-guard.ts';
import { noteKinds } from '../note-kinds.ts';
import { buildTypes, formats } from '../signing-policy/format-names.ts';
import { backendTypes } from '../storage-backend/backend-spec.ts';

/** Types of signers that a ceiling may allow. */
const signerTypes = ['Key', 'KMS', 'Keyless'] as const;

const globText = /^[^\s\\]+$/;

/** A list of globs. An absent list sets no bound, an empty one allows nothing. */
function globs(description: string, minItems = 0) {
  return Type.Array(
    Type.String({
      minLength: 1,
      maxLength: 512,
      'x-kubernetes-validations': [matchesRule(globText, 'must be a glob without spaces and backslashes')],
    }),
    {
      description: `${description} Globs: * stands for any characters, {namespace} for the name of the namespace.`,
      minItems,
      maxItems: 64,
      'x-kubernetes-list-type': 'set',
    },
  );
}

const secondsWithType: CelRule = {
  rule: "(self.retention == 'Seconds') == has(self.seconds)",
  message: 'seconds must be set when retention is Seconds, and only then',
  holds: (self) => (field(self, 'retention') === 'Seconds') === has(self, 'seconds'),
};

const guardWithin: CelRule = {
  rule: '!has(self.default) || ((!has(self.types) || self.default.type in self.types) && (!has(self.default.timeoutSeconds) || !has(self.maxTimeoutSeconds) || self.default.timeoutSeconds <= self.maxTimeoutSeconds))',
  message: 'default must lie within types and maxTimeoutSeconds',
  holds: (self) => {
    const given = field(self, 'default');
    if (given === undefined) return true;
    const isTypeAllowed = !has(self, 'types') || listField(self, 'types').includes(field(given, 'type'));
    const [seconds, most] = [field(given, 'timeoutSeconds'), field(self, 'maxTimeoutSeconds')];
    return isTypeAllowed && (typeof seconds !== 'number' || typeof most !== 'number' || seconds <= most);
  },
};

const logToRequire: CelRule = {
  rule: "!has(self.required) || !('Log' in self.required) || !has(self.logs) || size(self.logs) > 0",
  message: 'required names Log, so logs must allow one',
  holds: (self) => isRequirable(self, 'Log', 'logs'),
};

const authorityToRequire: CelRule = {
  rule: "!has(self.required) || !('TimestampAuthority' in self.required) || !has(self.timestampAuthorities) || size(self.timestampAuthorities) > 0",
  message: 'required names TimestampAuthority, so timestampAuthorities must allow one',
  holds: (self) => isRequirable(self, 'TimestampAuthority', 'timestampAuthorities'),
};

function guardTimeout(description: string) {
  return Type.Integer({ description, minimum: 1, maximum: MAX_GUARD_SECONDS, format: 'int32' });
}

function isRequirable(self: unknown, what: string, list: string): boolean {
  return !listField(self, 'required').includes(what) || !has(self, list) || listField(self, list).length > 0;
}

const signers = Type.Object(
  {
    types: Type.Optional(enumSet(signerTypes, { description: 'Types of signers that may be used.', minItems: 1 })),
    kmsURIs: Type.Optional(globs('Keys that policies may sign with, by spec.signer.kms.uri.')),
    kmsHosts: Type.Optional(
      globs(
        'Hosts (host or host:port) that policies may name as the service of their key: vault.address, google.endpoint, and the host in awskms:// and azurekms://.',
      ),
    ),
    fulcioURLs: Type.Optional(
      globs('Certificate authorities that keyless policies may use, by spec.signer.keyless.fulcioURL.'),
    ),
  },
  { description: 'Bounds on spec.signer.' },
);

const attestation = Type.Object(
  {
    formats: Type.Optional(
      enumSet(formats, {
        description:
          'Formats that may be used. A policy that names none takes the default one, or the first of these that is allowed.',
        minItems: 1,
      }),
    ),
    buildTypes: Type.Optional(
      enumSet(buildTypes, {
        description:
          'Build types that may be used. A policy that names none takes the default one, or the first of these that is allowed.',
        minItems: 1,
      }),
    ),
    builderIDs: Type.Optional(
      globs(
        'Builder ids that may be stated. A policy that names none takes the default one, or the first of these without a * that is allowed.',
        1,
      ),
    ),
  },
  { description: 'Bounds on spec.attestation.' },
);

const subjects = Type.Object(
  {
    allowedRepositories: Type.Optional(
      globs(
        'Repositories that subjects may lie in. Each glob of a policy must lie within one of these; a policy without globs of its own takes these.',
        1,
      ),
    ),
  },
  { description: 'Bounds on spec.subjects.' },
);

const transparency = Type.Object(
  {
    logs: Type.Optional(globs('URLs of logs that may be used.')),
    timestampAuthorities: Type.Optional(globs('URLs of timestamp authorities that may be used.')),
    required: Type.Optional(
      enumSet(['Log', 'TimestampAuthority'], {
        description: 'Witnesses that every policy must have. With Log, no policy may store without its entry.',
        minItems: 1,
      }),
    ),
  },
  {
    description: 'Bounds on spec.transparency.',
    'x-kubernetes-validations': [logToRequire, authorityToRequire],
  },
);

const backends = Type.Object(
  {
    types: Type.Optional(
      enumSet(backendTypes, { description: 'Types of StorageBackends that may be used.', minItems: 1 }),
    ),
    hosts: Type.Optional(
      globs(
        "Hosts (host or host:port) that StorageBackends may send evidence to, those of images included where an OCI backend has no repository. A connection string's hosts are in a Secret, so that a MongoDB backend needs the glob *.",
      ),
    ),
    clusterBackends: Type.Optional(
      globs(
        'Names of ClusterStorageBackends that policies may use, of those that accept SigningPolicies (acceptFrom).',
      ),
    ),
  },
  { description: 'Bounds on StorageBackends, and on the ClusterStorageBackends that policies may use.' },
);

const children = Type.Object(
  {
    notes: Type.Optional(
      enumSet(noteKinds, {
        description:
          'Memory, Recorded or both: whether policies may have notes of children recorded, which costs a write for each child, or must. A policy that names none takes the default one, or the one that is allowed.',
        minItems: 1,
      }),
    ),
  },
  { description: 'Bounds on spec.children.' },
);

const deletionGuard = Type.Object(
  {
    types: Type.Optional(
      enumSet(deletionGuardTypes, {
        description: 'Release, Hold or both: whether runs may be kept from being deleted, or must be.',
        minItems: 1,
      }),
    ),
    maxTimeoutSeconds: Type.Optional(guardTimeout('The longest time that a policy may keep a run after its deletion.')),
    default: Type.Optional(
      Type.Object(
        {
          type: Type.Enum([...deletionGuardTypes], { description: 'As in spec.deletionGuard of a policy.' }),
          timeoutSeconds: Type.Optional(guardTimeout('With Hold, as in spec.deletionGuard of a policy.')),
        },
        { description: 'The deletion guard of policies that set none.' },
      ),
    ),
  },
  { description: 'Bounds on spec.deletionGuard.', 'x-kubernetes-validations': [guardWithin] },
);

const record = Type.Object(
  {
    default: Type.Optional(
      Type.Object(
        {
          retention: Type.Enum(['Keep', 'WithRun', 'Seconds'], { description: 'As in spec.record of a policy.' }),
          seconds: Type.Optional(
            Type.Integer({
              description: 'With Seconds: for how long, after the run finished.',
              minimum: 1,
              maximum: 3_153_600_000,
              format: 'int64',
            }),
          ),
        },
        {
          description: "The retention of policies that set none, instead of the operator's default.",
          'x-kubernetes-validations': [secondsWithType],
        },
      ),
    ),
    maxSeconds: Type.Optional(
      Type.Integer({
        description:
          'The longest time that a stored record is kept after its run finished. What a policy asks for beyond it is cut.',
        minimum: 1,
        maximum: 3_153_600_000,
        format: 'int64',
      }),
    ),
  },
  { description: 'Retention of the records of SigningPolicies.' },
);

function count(description: string) {
  return Type.Optional(Type.Integer({ description, minimum: 0, maximum: 1_000_000, format: 'int32' }));
}

const counts = Type.Object(
  {
    policies: count('SigningPolicies; the oldest ones count first.'),
    backends: count('StorageBackends; the oldest ones count first.'),
    records: count(
      'ProvenanceRecords of its SigningPolicies. Beyond it, finished runs wait until records retire, or are deleted together with their runs.',
    ),
    evidenceBytes: Type.Optional(
      Type.Integer({
        description:
          'Bytes that those records take together. Beyond it, finished runs wait. A record that alone takes more is made without its evidence, and says so.',
        minimum: 1,
        maximum: 1_099_511_627_776,
        format: 'int64',
      }),
    ),
  },
  { description: 'The most of each that a namespace may have.' },
);

/** Schema of a PolicyCeiling's spec. An absent field bounds nothing. */
export const policyCeilingSpec = Type.Object(
  {
    namespaceSelector: Type.Optional(
      labelSelector(
        "The namespaces that it bounds, by label. Absent or empty: every namespace but the operator's own and those named kube-*.",
      ),
    ),
    signers: Type.Optional(signers),
    attestation: Type.Optional(attestation),
    subjects: Type.Optional(subjects),
    transparency: Type.Optional(transparency),
    backends: Type.Optional(backends),
    children: Type.Optional(children),
    deletionGuard: Type.Optional(deletionGuard),
    record: Type.Optional(record),
    auditOnly: Type.Optional(
      Type.Boolean({
        description: 'Policies may audit only. One that sets no mode audits; one that enforces exceeds the ceiling.',
      }),
    ),
    counts: Type.Optional(counts),
  },
  { description: 'What SigningPolicies and StorageBackends of the selected namespaces may say, and their defaults.' },
);
