// SPDX-License-Identifier: Apache-2.0
import { field, listField } from '../api/v1alpha1/field.ts';
import { warning } from '../api/v1alpha1/warning.ts';
import type { Payload, PayloadOptions } from '../provenance/payload.ts';
import { payloads } from '../provenance/payloads.ts';
import { finishedRun } from '../tekton/finished-run.ts';
import { PayloadError } from '../tekton/payload-error.ts';
import { isRunKind } from '../tekton/run-identity.ts';
import type { RunDocument, UnreadableRunDocument } from './run-documents.ts';

/** A payload with the run that it belongs to. */
export interface PreviewedPayload {
  readonly run: { readonly kind: string; readonly namespace: string; readonly name: string };
  readonly payload: Payload;
  /** What the statement lacks and why. */
  readonly warnings: readonly string[];
}

export interface Preview {
  readonly payloads: readonly PreviewedPayload[];
  /** One line for each document that gives no payload. */
  readonly failures: readonly string[];
}

/**
 * The payloads of every run among the documents, in their order. TaskRuns (and CustomRuns) that a PipelineRun among them refers
 * to are its children and no runs of their own.
 */
export function previewRuns(
  documents: readonly (RunDocument | UnreadableRunDocument)[],
  options: PayloadOptions,
): Preview {
  const found: PreviewedPayload[] = [];
  const failures: string[] = [];
  const readable = documents.filter((document) => 'value' in document);
  const objects = readable.map(({ value }) => value);
  const pipelineRuns = objects.filter((object) => field(object, 'kind') === 'PipelineRun');
  const isSole = pipelineRuns.length === 1;
  for (const document of documents) {
    if ('syntaxError' in document) {
      failures.push(`${document.place}: ${document.syntaxError}`);
      continue;
    }
    if (pipelineRuns.some((run) => refersTo(run, document.value))) continue;
    // With several PipelineRuns, a label alone does not tell whose child a TaskRun is.
    const children = isSole ? objects : objects.filter((object) => refersTo(document.value, object));
    try {
      found.push(...previewRun(document.value, children, options));
    } catch (error) {
      if (!(error instanceof PayloadError)) throw error;
      failures.push(`${document.place}: ${described(document.value)}: ${oneLine(error.message)}`);
    }
  }
  if (documents.length === 0) failures.push('no TaskRun or PipelineRun given');
  return { payloads: found, failures };
}

function previewRun(
  object: unknown,
  children: readonly unknown[],
  options: PayloadOptions,
): readonly PreviewedPayload[] {
  const kind = field(object, 'kind');
  if (!isRunKind(kind)) throw new PayloadError('PayloadInvalid', 'is no TaskRun or PipelineRun of tekton.dev/v1');
  const others = children.filter((child) => child !== object);
  const run = finishedRun(object, kind === 'PipelineRun' ? others : [], { matchBy: 'Name' });
  const missing = run.missingChildren.map((name) =>
    warning('ChildMissing', `child TaskRun ${name} is not given: stated without it`),
  );
  const { namespace, name } = run.summary;
  return payloads(run, options).map((payload) => ({
    run: { kind, namespace, name },
    payload,
    warnings: [...missing, ...payload.warnings],
  }));
}

/** Whether an object is a child of a PipelineRun by its references, where only TaskRuns and CustomRuns are children alone. */
function refersTo(pipelineRun: unknown, object: unknown): boolean {
  const kind = text(object, 'kind');
  if (field(pipelineRun, 'kind') !== 'PipelineRun' || (kind !== 'TaskRun' && kind !== 'CustomRun')) return false;
  const metadata = field(object, 'metadata');
  const namespaces = [text(field(pipelineRun, 'metadata'), 'namespace'), text(metadata, 'namespace')];
  if (!namespaces.includes('') && namespaces[0] !== namespaces[1]) return false;
  return listField(field(pipelineRun, 'status'), 'childReferences').some(
    (reference) =>
      (text(reference, 'kind') || 'TaskRun') === kind && text(reference, 'name') === text(metadata, 'name'),
  );
}

function described(object: unknown): string {
  const metadata = field(object, 'metadata');
  const name = [text(metadata, 'namespace'), text(metadata, 'name')].filter((part) => part !== '').join('/');
  return oneLine([text(object, 'kind') || 'object', name].filter((part) => part !== '').join(' '));
}

function oneLine(message: string): string {
  return message.replace(/\s+/g, ' ');
}

function text(object: unknown, key: string): string {
  const value = field(object, key);
  return typeof value === 'string' ? value : '';
}
