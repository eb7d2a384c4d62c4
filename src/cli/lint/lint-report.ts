// SPDX-License-Identifier: Apache-2.0
import { field, has } from '../../json/fields.ts';
import { isOfGroup, parseManifest, type Manifest } from '../../api/v1alpha1/parsing/parse-manifest.ts';
import type { LintDocument, UnreadableDocument } from './lint-documents.ts';

/** One problem and its place. `path` is '' for the object itself. */
export interface LintFinding {
  readonly file: string;
  /** Counts the documents of the file from 1. */
  readonly document: number;
  readonly line: number;
  readonly kind?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly path: string;
  readonly message: string;
}

export interface LintReport {
  /** Documents of our group. */
  readonly checked: number;
  /** Documents of other groups. */
  readonly ignored: number;
  readonly problems: readonly LintFinding[];
  /** References to objects that may exist outside the given files. */
  readonly warnings: readonly LintFinding[];
}

interface Accepted {
  readonly document: LintDocument;
  readonly manifest: Manifest;
}

/**
 * Checks every document of our group against its schema, and their references to each other.
 * @param excessOf says what a valid object says beyond the ceilings to check against; undefined for nothing
 */
export function lintReport(
  documents: readonly (LintDocument | UnreadableDocument)[],
  excessOf: (object: unknown) => string | undefined = () => undefined,
): LintReport {
  const unreadable = documents.filter((document): document is UnreadableDocument => 'syntaxError' in document);
  const readable = documents.filter((document): document is LintDocument => 'value' in document);
  const ours = readable.filter(({ value }) => isOfGroup(value));
  const results = ours.map((document) => ({ document, result: parseManifest(document.value) }));
  const accepted = results.flatMap(({ document, result }) => (result.ok ? [{ document, manifest: result.value }] : []));
  return {
    checked: ours.length,
    ignored: readable.length - ours.length,
    problems: [
      ...unreadable.map(({ file, number, line, syntaxError }) => ({
        file,
        document: number,
        line,
        path: '',
        message: `cannot be read: ${syntaxError}`,
      })),
      ...results.flatMap(({ document, result }) =>
        result.ok ? [] : result.problems.map((problem) => ({ ...placeOf(document, problem.path), ...problem })),
      ),
      ...accepted.flatMap(({ document }) => {
        const message = excessOf(document.value);
        return message === undefined ? [] : [{ ...placeOf(document, 'spec'), path: 'spec', message }];
      }),
    ],
    warnings: missingBackends(accepted),
  };
}

function placeOf({ file, number, value, lineOf }: LintDocument, path: string): Omit<LintFinding, 'path' | 'message'> {
  const metadata = field(value, 'metadata');
  return {
    file,
    document: number,
    line: lineOf(path),
    ...optionalText('kind', field(value, 'kind')),
    ...optionalText('namespace', field(metadata, 'namespace')),
    ...optionalText('name', has(metadata, 'name') ? field(metadata, 'name') : field(metadata, 'generateName')),
  };
}

function optionalText(key: 'kind' | 'namespace' | 'name', value: unknown): { readonly [Key in typeof key]?: string } {
  return typeof value === 'string' ? { [key]: value } : {};
}

function missingBackends(accepted: readonly Accepted[]): readonly LintFinding[] {
  const given = new Set(
    accepted.map(({ manifest }) => identity(manifest.kind, manifest.metadata.namespace, manifest.metadata.name)),
  );
  return accepted.flatMap(({ document, manifest }) => {
    if (manifest.kind !== 'SigningPolicy' && manifest.kind !== 'ClusterSigningPolicy') return [];
    const { namespace } = manifest.metadata;
    return (manifest.spec.backendRefs ?? []).flatMap(({ kind, name }, index) => {
      if (given.has(identity(kind, namespace, name))) return [];
      const path = `spec.backendRefs[${index}]`;
      return [{ ...placeOf(document, path), path, message: `no ${kind} ${name} among the given files` }];
    });
  });
}

function identity(kind: string, namespace: string | undefined, name: string | undefined): string {
  const scope = kind.startsWith('Cluster') ? '' : (namespace ?? '');
  return `${kind} ${scope}/${name ?? ''}`;
}
