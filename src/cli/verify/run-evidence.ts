// SPDX-License-Identifier: Apache-2.0
import { field, isObject } from '../../json/fields.ts';
import { runResources } from '../../kube/tekton-resources.ts';
import { leafCertificate } from '../../verify/material/artifact-material.ts';
import { envelopeMaterial } from '../../verify/material/envelope-material.ts';
import { SIMPLE_SIGNING_TYPE } from '../../verify/material/material.ts';
import type { Material } from '../../verify/material/material.ts';
import { payloadSubjects } from '../../evidence/payload-subjects.ts';
import { strictBase64 } from '../../verify/checks/strict-base64.ts';
import { strictJson } from '../../verify/strict-json.ts';
import { VerificationFailure } from '../../verify/verification-failure.ts';
import type { CliContext } from '../cli-context.ts';
import { UncheckedError, UsageError } from '../cli-error.ts';
import { isRunKind } from '../../tekton/run-identity.ts';
import { readObjects } from '../read-objects.ts';
import type { Evidence } from './evidence.ts';
import { readEvidence } from './evidence.ts';

const SIGNATURE = /^chains\.tekton\.dev\/signature-(.+)$/;
const MAX_ANNOTATION = 1024 * 1024;

/** Reads the TaskRuns and PipelineRuns in a file. @throws UsageError, UncheckedError */
export async function runsInFile(path: string): Promise<readonly unknown[]> {
  const runs = (await readObjects(path)).map(({ value }) => value).filter((value) => isRunKind(field(value, 'kind')));
  if (runs.length === 0) throw new UsageError(`${path} holds no TaskRun or PipelineRun`);
  return runs;
}

/** Reads taskrun/NAME or pipelinerun/NAME from the cluster. @throws UsageError, UncheckedError */
export async function runInCluster(text: string, context: CliContext, signal: AbortSignal): Promise<unknown> {
  const [, prefix = '', name = ''] = /^(?:(taskrun|tr|pipelinerun|pr)s?\/)([^/]+)$/i.exec(text) ?? [];
  if (name === '') throw new UsageError(`"${text}" is neither a file nor taskrun/NAME or pipelinerun/NAME`);
  const kind = ['taskrun', 'tr'].includes(prefix.toLowerCase()) ? 'TaskRun' : 'PipelineRun';
  const run = await context.find(runResources[kind], name, signal);
  if (run === undefined) throw new UncheckedError(`there is no ${kind} ${await context.namespace()}/${name}`);
  return isObject(run) ? { kind, ...run } : run;
}

/**
 * Reads the evidence in Tekton Chains' annotations on a run. Anyone who may annotate a run can copy evidence of another run there, so
 * each payload must show that it belongs to this run, or cover a required digest.
 */
export function runEvidence(run: unknown, hasRequiredSubjects: boolean): readonly Evidence[] {
  const metadata = field(run, 'metadata');
  const annotations = field(metadata, 'annotations');
  const description = `${text(field(run, 'kind'))} ${text(field(metadata, 'name'))}`;
  const uid = text(field(metadata, 'uid'));
  const owner = {
    key: `${text(field(run, 'kind')).toLowerCase()}-${uid}`,
    uid,
    status: field(run, 'status'),
    hasRequiredSubjects,
  };
  const keys = Object.keys(isObject(annotations) ? annotations : {}).flatMap((name) => SIGNATURE.exec(name)?.[1] ?? []);
  return keys.map((key) =>
    readEvidence(`annotations ${key} of ${description}`, () => annotatedMaterial(annotations, key, owner)),
  );
}

interface Owner {
  /** The key of its own attestation's annotations. */
  readonly key: string;
  readonly uid: string;
  readonly status: unknown;
  readonly hasRequiredSubjects: boolean;
}

function annotatedMaterial(annotations: unknown, key: string, owner: Owner): Material {
  const value = (part: string): Buffer => decoded(field(annotations, `chains.tekton.dev/${part}-${key}`), part);
  const [payload, signature, chain] = [value('payload'), value('signature'), value('cert').toString('utf8')];
  const certificate = chain === '' ? {} : { certificate: leafCertificate(chain) };
  if (!/^(taskrun|pipelinerun)-/.test(key)) return imageSignature(key, { payload, signature, ...certificate }, owner);
  if (key !== owner.key) throw new VerificationFailure('SubjectMismatch', 'the annotations are those of another run');
  const material = envelopeMaterial(signature.toString('utf8'), certificate);
  if (!material.payload.equals(payload)) {
    throw new VerificationFailure('PayloadInvalid', 'the payload annotation differs from the payload in the envelope');
  }
  requireOwn(payload, owner);
  return material;
}

const SLSA_V1 = 'https://slsa.dev/provenance/v1';

/** Requires the run's own UID in SLSA provenance 1. Older provenance does not name its run. */
function requireOwn(payload: Buffer, { uid, hasRequiredSubjects }: Owner): void {
  const statement = strictJson(payload, 'the payload', 'PayloadInvalid');
  if (field(statement, 'predicateType') !== SLSA_V1) {
    if (hasRequiredSubjects) return;
    const message = `the statement does not name its run; ${ADVICE}`;
    throw new VerificationFailure('SubjectMismatch', message);
  }
  const metadata = field(field(field(statement, 'predicate'), 'runDetails'), 'metadata');
  if (uid !== '?' && field(metadata, 'invocationId') === uid) return;
  throw new VerificationFailure('SubjectMismatch', 'the statement is of another run');
}

const ADVICE = 'pass the expected subject with --digest or --image';

/** Requires that the key is the beginning of the image's digest, and that the run names the image among its results. */
function imageSignature(
  key: string,
  parts: Pick<Material, 'payload' | 'signature' | 'certificate'>,
  { status, hasRequiredSubjects }: Owner,
): Material {
  const material: Material = {
    form: 'Raw',
    payloadType: SIMPLE_SIGNING_TYPE,
    ...parts,
    logEntries: [],
    timestamps: [],
  };
  const [subject] = subjectsOf(parts.payload);
  const sha256 = subject?.digest['sha256'] ?? '';
  if (!/^[0-9a-f]{12}$/.test(key) || !sha256.startsWith(key)) {
    const message = 'the signature covers another image than the annotation key names';
    throw new VerificationFailure('SubjectMismatch', message);
  }
  if (hasRequiredSubjects || JSON.stringify(status ?? null).includes(sha256)) return material;
  throw new VerificationFailure('SubjectMismatch', `the run does not name this image among its results; ${ADVICE}`);
}

function subjectsOf(payload: Buffer): ReturnType<typeof payloadSubjects> {
  try {
    return payloadSubjects('SimpleSigning', payload);
  } catch (error) {
    throw new VerificationFailure('PayloadInvalid', 'the payload is not a simple signing of an image', {
      cause: error,
    });
  }
}

function decoded(value: unknown, part: string): Buffer {
  if (value === undefined) return Buffer.alloc(0);
  if (typeof value === 'string' && value.length <= MAX_ANNOTATION) return strictBase64(value, `the annotation ${part}`);
  throw new VerificationFailure('MaterialInvalid', `the annotation ${part} cannot be read`);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '?';
}
