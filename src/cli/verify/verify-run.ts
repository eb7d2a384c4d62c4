// SPDX-License-Identifier: Apache-2.0
import { field, isObject } from '../../json/fields.ts';
import { runResources } from '../../controllers/run/tekton-resources.ts';
import { leafCertificate } from '../../verify/material/artifact-material.ts';
import { envelopeMaterial } from '../../verify/material/envelope-material.ts';
import { SIMPLE_SIGNING_TYPE } from '../../verify/material/material.ts';
import type { Material } from '../../verify/material/material.ts';
import { payloadSubjects } from '../../evidence/payload-subjects.ts';
import { strictBase64 } from '../../verify/checks/strict-base64.ts';
import { strictJson } from '../../verify/strict-json.ts';
import { readRunDocuments } from '../run-documents.ts';
import type { CliContext } from '../cli-context.ts';
import { UncheckedError, UsageError } from './verify-error.ts';
import type { Evidence } from './verify-evidence.ts';
import { evidence } from './verify-evidence.ts';
import { VerificationFailure } from '../../verify/verification-failure.ts';

const SIGNATURE = /^chains\.tekton\.dev\/signature-(.+)$/;
const MAX_ANNOTATION = 1024 * 1024;

/** TaskRuns and PipelineRuns of a file. @throws UsageError, UncheckedError */
export async function runsOfFile(path: string): Promise<readonly unknown[]> {
  const documents = await readRunDocuments([path], process.stdin).catch((error: unknown) => {
    throw new UncheckedError(`${path} cannot be read`, { cause: error });
  });
  const runs = documents.flatMap((document) => {
    if ('syntaxError' in document) throw new UsageError(`${document.place}: ${document.syntaxError}`);
    const kind = field(document.value, 'kind');
    return kind === 'TaskRun' || kind === 'PipelineRun' ? [document.value] : [];
  });
  if (runs.length === 0) throw new UsageError(`${path} holds no TaskRun or PipelineRun`);
  return runs;
}

/** taskrun/NAME or pipelinerun/NAME of the cluster. @throws UsageError, UncheckedError */
export async function runOfCluster(text: string, surroundings: CliContext, signal: AbortSignal): Promise<unknown> {
  const [, prefix = '', name = ''] = /^(?:(taskrun|tr|pipelinerun|pr)s?\/)([^/]+)$/i.exec(text) ?? [];
  if (name === '') throw new UsageError(`"${text}" is neither a file nor taskrun/NAME or pipelinerun/NAME`);
  const kind = ['taskrun', 'tr'].includes(prefix.toLowerCase()) ? 'TaskRun' : 'PipelineRun';
  const run = await surroundings.find(runResources[kind], name, signal);
  if (run === undefined) throw new UncheckedError(`there is no ${kind} ${surroundings.namespace}/${name}`);
  return isObject(run) ? { kind, ...run } : run;
}

/**
 * What Tekton Chains' annotations on a run hold. Whoever may annotate a run can copy there what was signed of another one, so each must
 * show in what is signed that it is of this run, or be about something that is asked for.
 */
export function runEvidence(run: unknown, isAsked: boolean): readonly Evidence[] {
  const metadata = field(run, 'metadata');
  const annotations = field(metadata, 'annotations');
  const described = `${text(field(run, 'kind'))} ${text(field(metadata, 'name'))}`;
  const uid = text(field(metadata, 'uid'));
  const owner = { key: `${text(field(run, 'kind')).toLowerCase()}-${uid}`, uid, status: field(run, 'status'), isAsked };
  const keys = Object.keys(isObject(annotations) ? annotations : {}).flatMap((name) => SIGNATURE.exec(name)?.[1] ?? []);
  return keys.map((key) => evidence(`annotations ${key} of ${described}`, () => annotated(annotations, key, owner)));
}

interface Owner {
  /** Under which its own attestation is filed. */
  readonly key: string;
  readonly uid: string;
  readonly status: unknown;
  readonly isAsked: boolean;
}

function annotated(annotations: unknown, key: string, owner: Owner): Material {
  const value = (part: string): Buffer => decoded(field(annotations, `chains.tekton.dev/${part}-${key}`), part);
  const [payload, signature, chain] = [value('payload'), value('signature'), value('cert').toString('utf8')];
  const certificate = chain === '' ? {} : { certificate: leafCertificate(chain) };
  if (!/^(taskrun|pipelinerun)-/.test(key)) return imageSignature(key, { payload, signature, ...certificate }, owner);
  if (key !== owner.key) throw new VerificationFailure('SubjectMismatch', 'the annotations are those of another run');
  const material = envelopeMaterial(signature.toString('utf8'), certificate);
  if (!material.payload.equals(payload)) {
    throw new VerificationFailure('PayloadInvalid', 'the payload beside the envelope is not the one in it');
  }
  requireOwn(payload, owner);
  return material;
}

const SLSA_V1 = 'https://slsa.dev/provenance/v1';

/** SLSA provenance 1 names its run by UID; older provenance does not. */
function requireOwn(payload: Buffer, { uid, isAsked }: Owner): void {
  const statement = strictJson(payload, 'the payload', 'PayloadInvalid');
  if (field(statement, 'predicateType') !== SLSA_V1) {
    if (isAsked) return;
    const message = `the statement does not say of which run it is; ${ASK}`;
    throw new VerificationFailure('SubjectMismatch', message);
  }
  const metadata = field(field(field(statement, 'predicate'), 'runDetails'), 'metadata');
  if (uid !== '?' && field(metadata, 'invocationId') === uid) return;
  throw new VerificationFailure('SubjectMismatch', 'the statement is of another run');
}

const ASK = 'say with --digest or --image what it must be about';

/** The annotations of an image are filed under the beginning of its digest, and the run names it among its results. */
function imageSignature(
  key: string,
  parts: Pick<Material, 'payload' | 'signature' | 'certificate'>,
  { status, isAsked }: Owner,
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
    const message = 'the signature is of another image than the one it is filed under';
    throw new VerificationFailure('SubjectMismatch', message);
  }
  if (isAsked || JSON.stringify(status ?? null).includes(sha256)) return material;
  throw new VerificationFailure('SubjectMismatch', `the run does not name this image among its results; ${ASK}`);
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
