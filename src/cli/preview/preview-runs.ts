// SPDX-License-Identifier: Apache-2.0
import { field } from '../../json/fields.ts';
import { warning } from '../../api/v1alpha1/warning.ts';
import type { Artifact } from '../../evidence/artifact.ts';
import type { PayloadOptions } from '../../provenance/payload-options.ts';
import { announcementWarnings } from '../../provenance/warnings/announcement-warnings.ts';
import { payloads } from '../../provenance/payloads.ts';
import { printable } from '../../runtime/printable.ts';
import { finishedRun } from '../../tekton/finished-run.ts';
import type { FinishedRun } from '../../tekton/finished-run.ts';
import { textAt } from '../../tekton/go/json-node.ts';
import { PayloadError } from '../../tekton/payload-error.ts';
import { isRunKind } from '../../tekton/run-identity.ts';
import { RunReferences } from '../documents/run-references.ts';
import type { RunDocument, UnreadableRunDocument } from '../documents/run-document.ts';

/** An unsigned artifact and the run that it belongs to. */
export interface PreviewedArtifact {
  readonly run: { readonly kind: string; readonly namespace: string; readonly name: string };
  readonly artifact: Artifact;
}

export interface Preview {
  readonly artifacts: readonly PreviewedArtifact[];
  /** One line for each document that gives no artifact. */
  readonly failures: readonly string[];
}

export interface PreviewOptions extends PayloadOptions {
  /** State runs that have not finished, too. */
  readonly allowsUnfinished?: boolean;
  /** True when a run that does not say how it ended counts as unfinished; a file written by hand may leave that out. */
  readonly requiresOutcome?: boolean;
  /** Returns a child of a PipelineRun that was previewed before, and so cannot be counted as its child any more. */
  readonly readEarlier?: (pipelineRun: unknown) => string | undefined;
}

/**
 * The payloads of one run after the other, in the order of the documents. TaskRuns (and CustomRuns) that a PipelineRun among them refers
 * to are its children and no runs of their own.
 */
export function* previewRuns(
  documents: readonly (RunDocument | UnreadableRunDocument)[],
  options: PreviewOptions,
): Generator<Preview, void, undefined> {
  const objects = documents.filter((document) => 'value' in document).map(({ value }) => value);
  const references = new RunReferences(objects);
  const isSole = objects.filter((object) => field(object, 'kind') === 'PipelineRun').length === 1;
  for (const document of documents) {
    if ('syntaxError' in document) yield failed(document.place, document.syntaxError);
    else if (!references.isChildOnly(document.value)) {
      // With several PipelineRuns, a label alone does not tell whose child a TaskRun is.
      const children = () => (isSole ? objects : references.descendants(document.value));
      yield previewDocument(document, children, options);
    }
  }
}

function previewDocument(
  { place, value }: RunDocument,
  children: () => readonly unknown[],
  options: PreviewOptions,
): Preview {
  try {
    return { artifacts: previewRun(value, children, options), failures: [] };
  } catch (error) {
    if (!(error instanceof PayloadError)) throw error;
    return failed(place, `${described(value)}: ${oneLine(error.message)}`);
  }
}

function failed(place: string, problem: string): Preview {
  return { artifacts: [], failures: [printable(`${place}: ${problem}`)] };
}

function previewRun(
  object: unknown,
  children: () => readonly unknown[],
  options: PreviewOptions,
): readonly PreviewedArtifact[] {
  const kind = field(object, 'kind');
  if (!isRunKind(kind)) throw new PayloadError('PayloadInvalid', 'is not a TaskRun or PipelineRun of tekton.dev/v1');
  const early = options.readEarlier?.(object);
  if (early !== undefined) {
    const message = `refers to ${early}, which came before it and was taken for a run of its own: give the PipelineRun first, or both in files`;
    throw new PayloadError('PayloadInvalid', message);
  }
  const others = kind === 'PipelineRun' ? children().filter((child) => child !== object) : [];
  const run = finishedRun(object, others, { matchBy: 'Name' });
  const missing = run.missingChildren.map((name) =>
    warning('ChildMissing', `child TaskRun ${name} is not given: stated without it`),
  );
  const unfinished = unfinishedWarning(run, options);
  const { namespace, name } = run.summary;
  const made = payloads(run, options);
  // Without a payload there is no place for a warning, and the run announced something.
  const [ignored] = made.length === 0 ? announcementWarnings(run, options.attestation) : [];
  if (ignored !== undefined) throw new PayloadError('PayloadInvalid', `there is nothing to sign: ${ignored}`);
  return made.map((artifact) => {
    const { type, warnings = [] } = artifact;
    const all = type === 'Attestation' ? [...missing, ...warnings, ...unfinished] : warnings;
    return { run: { kind, namespace, name }, artifact: { ...artifact, warnings: all } };
  });
}

/** @throws PayloadError for a run that has not finished, unless the options allow it */
function unfinishedWarning(
  { object, summary }: FinishedRun,
  { allowsUnfinished, requiresOutcome }: PreviewOptions,
): readonly string[] {
  if (summary.finished !== undefined) return [];
  const condition = object.conditions.find((entry) => textAt(entry, 'type') === 'Succeeded');
  const state =
    condition === undefined
      ? 'has no condition Succeeded'
      : `has the condition Succeeded=${textAt(condition, 'status') || 'Unknown'}`;
  const text = `${object.kind} ${object.name} ${state}, so that it has not finished`;
  const isAllowed = allowsUnfinished === true || (condition === undefined && requiresOutcome !== true);
  if (!isAllowed) {
    throw new PayloadError(
      'PayloadInvalid',
      `${text}: wait until it is done, or give --unfinished to state it as it is`,
    );
  }
  return [warning('RunUnfinished', `${text}: the operator waits with it`)];
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
