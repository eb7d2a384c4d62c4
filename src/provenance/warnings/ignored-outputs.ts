// SPDX-License-Identifier: Apache-2.0
import { warning } from '../../api/v1alpha1/warning.ts';
import { parseDigest } from '../../tekton/images/digest.ts';
import { goTrim } from '../../tekton/go/go-text.ts';
import { isList, isMap } from '../../tekton/go/json-node.ts';
import type { JsonNode } from '../../tekton/go/json-node.ts';
import { objectPart, textPart } from '../../tekton/param-value.ts';
import { quoted } from '../../tekton/quoted.ts';
import type { NamedValue } from '../../tekton/run.ts';
import { digestFault, imageFault } from './image-fault.ts';
import type { HintFault } from './image-fault.ts';

/**
 * Warn about announced outputs whose form the reference ignores silently, or accepts although no registry can hold such
 * a name.
 *
 * @param source the author of the results in messages: `TaskRun bake-1`
 */
export function ignoredOutputs(results: readonly NamedValue[], source: string): readonly string[] {
  return [
    ...pairWarnings(results, source, imagePair),
    ...imageListWarnings(results, source),
    ...pairWarnings(results, source, artifactPair),
    ...results.flatMap((result) => objectWarnings(result, source)),
  ];
}

/** Find the fault in the value of a result that should be an object with `uri` and `digest`; blank ones announce nothing. */
export function objectFault(value: JsonNode): string | undefined {
  const object = objectPart(value);
  if (object === undefined) {
    if (goTrim(textPart(value)) === '' && !isList(value)) return undefined;
    return `it is ${typeName(value)} and not an object: declare it with type object and the properties uri and digest`;
  }
  const [uri = '', digest = ''] = [object.get('uri'), object.get('digest')];
  if (uri === '' && digest === '') return undefined;
  if (uri === '') return 'its uri is missing';
  return parseDigest(digest) === undefined ? digestFault(digest) : undefined;
}

export function typeName(value: JsonNode): string {
  if (isList(value)) return 'a list';
  return isMap(value) ? 'an object' : 'a string';
}

interface PairRule {
  readonly suffixes: readonly [uri: string, digest: string];
  readonly fault: (uri: string, digest: string) => HintFault | undefined;
  readonly remedy: string;
}

const imagePair: PairRule = {
  suffixes: ['IMAGE_URL', 'IMAGE_DIGEST'],
  fault: imageFault,
  remedy: 'write one pair of strings per image, or list the images in IMAGES',
};

const artifactPair: PairRule = {
  suffixes: ['ARTIFACT_URI', 'ARTIFACT_DIGEST'],
  fault: (_, digest) =>
    parseDigest(digest) === undefined ? { kind: 'HintIgnored', text: digestFault(digest) } : undefined,
  remedy: 'write one pair of strings per artifact',
};

function pairWarnings(results: readonly NamedValue[], source: string, rule: PairRule): readonly string[] {
  const { suffixes, remedy } = rule;
  const warnings: string[] = [];
  const values = new Map<string, string>();
  const unread = new Set<string>();
  for (const { name, value } of results.filter((result) => suffixes.some((suffix) => result.name.endsWith(suffix)))) {
    const where = `result ${quoted(name)} of ${source}`;
    const text = goTrim(textPart(value));
    const before = values.get(name);
    if (isList(value) || isMap(value)) {
      unread.add(name);
      warnings.push(warning('HintIgnored', `${where} is ${typeName(value)}: ${remedy}`));
    } else if (text !== '') {
      if (before !== undefined && before !== text) {
        warnings.push(warning('HintIgnored', `${where} appears twice: ${quoted(text)} replaces ${quoted(before)}`));
      }
      values.set(name, text);
    }
  }
  return [...warnings, ...halves(values, unread, source, rule)];
}

function halves(
  values: ReadonlyMap<string, string>,
  unread: ReadonlySet<string>,
  source: string,
  { suffixes, fault }: PairRule,
): readonly string[] {
  const markers = new Set(
    [...values.keys()].map((name) => name.slice(0, -(suffixes.find((s) => name.endsWith(s)) ?? '').length)),
  );
  return [...markers].flatMap((marker) => {
    const [uriName, digestName] = [`${marker}${suffixes[0]}`, `${marker}${suffixes[1]}`];
    const [uri, digest] = [values.get(uriName), values.get(digestName)];
    if (uri !== undefined && digest !== undefined) {
      const wrong = fault(uri, digest);
      const value = `${quoted(uri)} with ${quoted(digest)}`;
      const where = `results ${quoted(uriName)} and ${quoted(digestName)} of ${source}`;
      return wrong === undefined ? [] : [warning(wrong.kind, `${where}, ${value}: ${wrong.text}`)];
    }
    const [there, lacking] = uri === undefined ? [digestName, uriName] : [uriName, digestName];
    if (unread.has(lacking)) return [];
    const value = quoted(uri ?? digest ?? '');
    const where = `result ${quoted(there)} of ${source} is ${value}`;
    return [warning('HintIgnored', `${where} and result ${quoted(lacking)} has no value: write both`)];
  });
}

const imagesRemedy = 'write name@sha256:… for each image, separated by commas or newlines';

function imageListWarnings(results: readonly NamedValue[], source: string): readonly string[] {
  return results
    .filter(({ name }) => name === 'IMAGES')
    .flatMap(({ value }) => {
      const where = `result "IMAGES" of ${source}`;
      if (isList(value) || isMap(value)) {
        return [warning('HintIgnored', `${where} is ${typeName(value)}: ${imagesRemedy} in one string`)];
      }
      const text = textPart(value);
      // An IPv6 address also begins with a bracket.
      if (/^\[\s*["'\]]/.test(goTrim(text))) {
        return [warning('HintIgnored', `${where} is ${quoted(text)}, a list in a string: ${imagesRemedy}`)];
      }
      const pieces = text.split(/[\n,]/).map(goTrim);
      return pieces.flatMap((piece) => pieceWarning(piece, where));
    });
}

function pieceWarning(piece: string, where: string): readonly string[] {
  if (piece === '') return [];
  const [name = '', digest, ...rest] = piece.split('@');
  const entry = `${where} has ${quoted(piece)}`;
  if (digest === undefined) return [warning('HintIgnored', `${entry}: it has no digest; ${imagesRemedy}`)];
  if (rest.length > 0) return [warning('HintIgnored', `${entry}: it has more than one "@"; ${imagesRemedy}`)];
  const fault = imageFault(name, digest);
  return fault === undefined ? [] : [warning(fault.kind, `${entry}: ${fault.text}`)];
}

function objectWarnings({ name, value }: NamedValue, source: string): readonly string[] {
  if (!name.endsWith('ARTIFACT_OUTPUTS')) return [];
  const where = `result ${quoted(name)} of ${source}`;
  const object = objectPart(value);
  const fault = objectFault(value);
  const shown = object === undefined ? textPart(value) : (object.get('uri') ?? '');
  const named = shown === '' ? where : `${where}, ${quoted(shown)}`;
  if (fault !== undefined) return [warning('HintIgnored', `${named}: ${fault}`)];
  const flag = object?.get('isBuildArtifact') ?? '';
  if (['', 'true', 'false'].includes(flag)) return [];
  const text = `${named}: isBuildArtifact is ${quoted(flag)}, and only "true" makes it a build artifact`;
  return [warning('HintIgnored', text)];
}
