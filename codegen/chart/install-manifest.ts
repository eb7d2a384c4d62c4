// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { isMap, isScalar, parseAllDocuments, type Document } from 'yaml';
import { ensureBinary } from '../../e2e/testbed/binaries/ensure-binary.ts';
import { oldestKubernetes } from './value-sets.ts';

const chart = join(import.meta.dirname, '..', '..', 'helm', 'hallmark');
const namespace = 'hallmark-system';
/** Labels and annotations that Helm reads, and that are true of its own objects alone. */
const ofHelm = [
  ['labels', 'app.kubernetes.io/managed-by'],
  ['labels', 'helm.sh/chart'],
  ['annotations', 'helm.sh/resource-policy'],
] as const;

const header = `# SPDX-License-Identifier: Apache-2.0
# Hallmark for the whole cluster, as its chart installs it. Apply it with: kubectl apply --server-side -f install.yaml
---
apiVersion: v1
kind: Namespace
metadata:
  name: ${namespace}
  labels:
    pod-security.kubernetes.io/enforce: restricted
`;

/**
 * Render the chart as one file for `kubectl apply --server-side`: its objects and their namespace, without `helm test` and without the
 * labels of Helm.
 *
 * @param helmArguments more arguments of `helm template`, such as `--set image.digest=sha256:…`
 */
export async function installManifest(helmArguments: readonly string[] = []): Promise<string> {
  const args = ['template', 'hallmark', chart, '--namespace', namespace, '--skip-tests', ...oldestKubernetes];
  const rendered = execFileSync(await ensureBinary('helm'), [...args, ...helmArguments], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const documents = parseAllDocuments(rendered).filter(({ contents }) => isMap(contents));
  for (const document of documents) removeWordsOfHelm(document);
  const sorted = documents.toSorted((one, other) => rank(one.get('kind')) - rank(other.get('kind')));
  return [header, ...sorted.map((document) => `---\n${document.toString({ lineWidth: 0, directives: false })}`)].join(
    '',
  );
}

function removeWordsOfHelm(document: Document): void {
  for (const metadata of [['metadata'], ['spec', 'template', 'metadata']]) {
    for (const [group, name] of ofHelm) removeEntry(document, [...metadata, group], name);
  }
}

/** Removes an entry of a map, and the map if it is empty then. */
function removeEntry(document: Document, map: readonly string[], name: string): void {
  if (document.hasIn([...map, name])) document.deleteIn([...map, name]);
  const left = document.getIn(map);
  if (isMap(left) && left.items.length === 0) document.deleteIn(map);
}

/** The definitions come first: a kind must be known before its objects. */
function rank(kind: unknown): number {
  return (isScalar(kind) ? kind.value : kind) === 'CustomResourceDefinition' ? 0 : 1;
}
