// SPDX-License-Identifier: Apache-2.0
import type { ChildRun, FinishedRun } from '../../tekton/finished-run.ts';
import { isList, isMap, textAt } from '../../tekton/go/json-node.ts';
import type { JsonMap, JsonNode } from '../../tekton/go/json-node.ts';
import { PayloadError } from '../../tekton/payload-error.ts';
import { withNode } from '../../tekton/run.ts';
import type { Run } from '../../tekton/run.ts';

/** The replacement of a redacted value. */
export const placeholder = '[redacted]';
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';
/** Shorter values (`true`, `8080`) also occur with other meanings; they are replaced only by parameter name. */
const shortestValue = 6;
/** Every text is searched for each value; a run with more values is refused instead of attested in the clear. */
const mostValues = 256;

/**
 * Remove the values of the named parameters. A value is replaced where a parameter of such a name is declared or given;
 * copies elsewhere (steps, scripts, children's parameters under another name, annotations, results) are replaced
 * throughout the run and its children. Results that name subjects or materials stay: redaction must not change what is
 * attested. A source named by redacted parameters is not a material.
 *
 * @throws PayloadError when the parameters hold too many values
 */
export function redactRun(run: FinishedRun, names: readonly string[]): FinishedRun {
  if (names.length === 0) return run;
  return redactAll(run, redactionOf(run, new Set(names)));
}

function redactAll(run: FinishedRun, redaction: Redaction): FinishedRun {
  return {
    ...run,
    object: redacted(run.object, redaction),
    children: run.children.map((c) => redactChild(c, redaction)),
  };
}

interface Redaction {
  readonly names: ReadonlySet<string>;
  readonly values: readonly string[];
}

function redactionOf(run: FinishedRun, names: ReadonlySet<string>): Redaction {
  const values = new Set<string>();
  for (const { params, paramDefaults } of runsIn(run)) {
    const named = [...params, ...paramDefaults].filter(({ name }) => names.has(name));
    for (const text of named.flatMap(({ value }) => textsOf(value))) {
      if (text.length >= shortestValue) values.add(text);
    }
  }
  if (values.size > mostValues) {
    throw new PayloadError(
      'PayloadInvalid',
      `the redacted parameters hold ${values.size} values; at most ${mostValues} can be redacted`,
    );
  }
  // Longest first, so that a value that contains another one is replaced whole.
  return { names, values: [...values].sort((left, right) => right.length - left.length) };
}

/** List the run and all runs below it. */
function runsIn(run: FinishedRun): readonly Run[] {
  const inner = run.children.flatMap(({ object, nested }) => [
    ...(object === undefined ? [] : [object]),
    ...(nested === undefined ? [] : runsIn(nested)),
  ]);
  return [run.object, ...inner];
}

function redactChild(child: ChildRun, redaction: Redaction): ChildRun {
  const { object, nested } = child;
  return {
    ...child,
    object: object && redacted(object, redaction),
    nested: nested && redactAll(nested, redaction),
  };
}

function redacted<R extends Run>(run: R, redaction: Redaction): R {
  return withNode(run, redactMap(run.node, redaction));
}

/** Members that no parameter value reaches and that verification depends on. */
const untouched: ReadonlySet<string> = new Set(['uid', 'name', 'namespace', 'imageID', 'refSource', 'childReferences']);

function redactMap(node: JsonMap, redaction: Redaction): JsonMap {
  return new Map(
    [...node].map(([key, member]) => [key, untouched.has(key) ? member : redactMember(key, member, redaction)]),
  );
}

function redactMember(key: string, member: JsonNode, redaction: Redaction): JsonNode {
  if (key === lastApplied) return placeholder;
  if (key === 'params' && isList(member)) return member.map((param) => redactParam(param, redaction));
  if (key === 'results' && isList(member)) return member.map((result) => redactResult(result, redaction));
  return redactNode(member, redaction);
}

function redactParam(param: JsonNode, redaction: Redaction): JsonNode {
  if (!isMap(param) || !redaction.names.has(textAt(param, 'name'))) return redactNode(param, redaction);
  return new Map(
    [...param].map(([key, member]): [string, JsonNode] => {
      if (key === 'value' || key === 'default') return [key, placeholder];
      return [key, key === 'enum' ? [placeholder] : member];
    }),
  );
}

const hintName = /(IMAGE_URL|IMAGE_DIGEST|ARTIFACT_(URI|DIGEST|INPUTS|OUTPUTS)|^IMAGES|^CHAINS-GIT_(URL|COMMIT))$/;

function redactResult(result: JsonNode, redaction: Redaction): JsonNode {
  return isMap(result) && hintName.test(textAt(result, 'name')) ? result : redactNode(result, redaction);
}

function redactNode(node: JsonNode, redaction: Redaction): JsonNode {
  if (typeof node === 'string') return redactText(node, redaction);
  if (isMap(node)) return redactMap(node, redaction);
  if (isList(node)) return node.map((entry) => redactNode(entry, redaction));
  return node;
}

function redactText(text: string, { values }: Redaction): string {
  return values.reduce((left, value) => left.replaceAll(value, () => placeholder), text);
}

function textsOf(value: JsonNode): readonly string[] {
  if (typeof value === 'string') return [value];
  if (isMap(value)) return [...value.values()].flatMap(textsOf);
  return isList(value) ? value.flatMap((entry) => textsOf(entry)) : [];
}
