// SPDX-License-Identifier: Apache-2.0
import { NAMESPACES } from '../kube/core-resources.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import type { CliContext } from './cli-context.ts';
import { UncheckedError } from './cli-error.ts';
import { isMissing } from './is-missing.ts';

/**
 * The namespace whose objects a command counts or changes; undefined with `--all-namespaces`. One that does not exist is refused, since the
 * API server lists nothing in it, and nothing looks as if nothing were wrong. It is taken on trust where the caller may not get it.
 * @throws UncheckedError
 */
export async function listedNamespace(
  { allNamespaces }: { readonly allNamespaces?: true },
  context: Pick<CliContext, 'namespace'>,
  { client, signal }: { readonly client: Pick<KubeClient, 'find'>; readonly signal: AbortSignal },
): Promise<string | undefined> {
  if (allNamespaces === true) return undefined;
  const name = await context.namespace();
  if (await isMissing(client, NAMESPACES, { name, signal }))
    throw new UncheckedError(`there is no namespace ${name}: name another with -n`);
  return name;
}
