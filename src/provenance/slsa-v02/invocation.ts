// SPDX-License-Identifier: Apache-2.0
import type { Encodable } from '../../tekton/go/encode-json.ts';
import { untyped } from '../../tekton/go/json-node.ts';
import type { JsonNode } from '../../tekton/go/json-node.ts';
import { PayloadError } from '../../tekton/payload-error.ts';
import type { Run } from '../../tekton/run.ts';

/**
 * Describe the invocation of a run: the origin of its definition, its parameters over the defaults, its labels and
 * annotations.
 */
export function invocation(run: Run): Encodable {
  const parameters = new Map<string, JsonNode>();
  for (const { name, value } of [...run.paramDefaults, ...run.params]) parameters.set(name, value);
  for (const [name, value] of parameters) {
    if (value === untyped) {
      throw new PayloadError(
        'PayloadInvalid',
        `parameter ${JSON.stringify(name)} of ${run.kind} ${run.name} has no value`,
      );
    }
  }
  const annotations = new Map([...run.annotations].filter(([name]) => isStated(name)));
  const environment = { annotations: nonEmpty(annotations), labels: nonEmpty(run.labels) };
  const hasEnvironment = annotations.size > 0 || run.labels.size > 0;
  return { configSource: configSource(run), parameters, environment: hasEnvironment ? environment : undefined };
}

function configSource({ refSource }: Run): Encodable {
  if (refSource === undefined) return {};
  const { uri, digest, entryPoint } = refSource;
  return {
    uri: uri === '' ? undefined : uri,
    digest: nonEmpty(digest),
    entryPoint: entryPoint === '' ? undefined : entryPoint,
  };
}

function isStated(annotation: string): boolean {
  return (
    annotation !== 'kubectl.kubernetes.io/last-applied-configuration' && !annotation.startsWith('chains.tekton.dev/')
  );
}

function nonEmpty(map: ReadonlyMap<string, string>): ReadonlyMap<string, string> | undefined {
  return map.size === 0 ? undefined : map;
}
