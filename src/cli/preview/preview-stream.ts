// SPDX-License-Identifier: Apache-2.0
import { field, listField, stringField } from '../../json/fields.ts';
import { UsageError } from '../cli-error.ts';
import { documentBytes, isFile } from '../documents/document-bytes.ts';
import { nameKey, referenceKeys } from '../documents/run-references.ts';
import { previewRuns } from './preview-runs.ts';
import type { Preview, PreviewOptions } from './preview-runs.ts';
import type { RunDocument, UnreadableRunDocument } from '../documents/run-document.ts';

const NO_RUN = 'no TaskRun or PipelineRun given: the files hold no document';
/** Labels that Tekton gives to the runs of a PipelineRun. */
const CHILD_LABELS = ['tekton.dev/pipelineRun', 'tekton.dev/pipelineTask', 'tekton.dev/memberOf'];
/** The fields that tie other runs to a PipelineRun. */
const TIES = ['childReferences', 'pipelineSpec'];

/** Tells what is known of PipelineRuns with children before the documents are read. */
export type ExpectedParents = 'None' | 'Some' | 'Unknown';

export interface StreamOptions extends PreviewOptions {
  readonly parents: ExpectedParents;
}

/**
 * Previews documents while they are read, in their order. A document waits for the last one if a PipelineRun may count it as its child:
 * each one where there are such parents, and where that is unknown, all from the first PipelineRun or TaskRun marked as a child.
 * @throws UsageError where there is no document
 */
export async function* previewStream(
  documents: AsyncIterable<RunDocument | UnreadableRunDocument>,
  { parents, ...options }: StreamOptions,
): AsyncGenerator<Preview, void, undefined> {
  const waiting: (RunDocument | UnreadableRunDocument)[] = [];
  const previewed = new PreviewedNames();
  let isEmpty = true;
  for await (const document of documents) {
    isEmpty = false;
    if (waiting.length > 0 || !isReady(document, parents)) waiting.push(document);
    else {
      previewed.add(document);
      yield* previewRuns([document], options);
    }
  }
  if (isEmpty) throw new UsageError(NO_RUN);
  yield* previewRuns(waiting, { ...options, readEarlier: (pipelineRun) => previewed.childOf(pipelineRun) });
}

/** Reads the files among the paths for a first time, to look for PipelineRuns with children. A pipe cannot be read twice. */
export async function expectedParents(paths: readonly string[]): Promise<ExpectedParents> {
  let isKnown = true;
  for (const path of paths) {
    if (!(await isFile(path))) isKnown = false;
    else if (await holdsTie(path)) return 'Some';
  }
  return isKnown ? 'None' : 'Unknown';
}

async function holdsTie(path: string): Promise<boolean> {
  const longest = Math.max(...TIES.map((tie) => tie.length));
  let end = Buffer.alloc(0);
  for await (const piece of documentBytes(path, (async function* () {})())) {
    const bytes = Buffer.concat([end, piece]);
    if (TIES.some((tie) => bytes.includes(tie))) return true;
    end = bytes.subarray(-longest);
  }
  return false;
}

function isReady(document: RunDocument | UnreadableRunDocument, parents: ExpectedParents): boolean {
  if ('syntaxError' in document) return true;
  const { value } = document;
  if (parents === 'None') return referenceKeys(value).length === 0;
  return parents === 'Unknown' && field(value, 'kind') !== 'PipelineRun' && !isMarkedAsChild(value);
}

function isMarkedAsChild(object: unknown): boolean {
  const metadata = field(object, 'metadata');
  const labels = field(metadata, 'labels');
  const owners = listField(metadata, 'ownerReferences');
  return (
    owners.some((owner) => field(owner, 'kind') === 'PipelineRun') ||
    CHILD_LABELS.some((label) => field(labels, label) !== undefined)
  );
}

/** The names of runs that were previewed before a PipelineRun came that may refer to them. */
class PreviewedNames {
  readonly #namespaces = new Map<string, Set<string>>();

  add(document: RunDocument | UnreadableRunDocument): void {
    if ('syntaxError' in document) return;
    const kind = stringField(document.value, 'kind');
    if (kind !== 'TaskRun' && kind !== 'CustomRun') return;
    const metadata = field(document.value, 'metadata');
    const key = nameKey(kind, stringField(metadata, 'name') ?? '');
    const namespaces = this.#namespaces.get(key) ?? new Set();
    this.#namespaces.set(key, namespaces.add(stringField(metadata, 'namespace') ?? ''));
  }

  childOf(pipelineRun: unknown): string | undefined {
    const own = stringField(field(pipelineRun, 'metadata'), 'namespace') ?? '';
    return referenceKeys(pipelineRun).find((key) => {
      const namespaces = this.#namespaces.get(key);
      return namespaces !== undefined && (own === '' || namespaces.has(own) || namespaces.has(''));
    });
  }
}
