// SPDX-License-Identifier: Apache-2.0
import { NAMESPACES } from '../../kube/core-resources.ts';
import type { KubeClient } from '../../kube/kube-client.ts';
import { isForbidden } from '../../kube/kube-error.ts';
import { type Check, checkOf } from './check.ts';
import type { KindsScope } from './check-kinds.ts';

const check = checkOf('cluster');

/** Judges that the namespace which is looked at exists: nothing is wrong in one that does not. */
export async function checkNamespace(
  client: Pick<KubeClient, 'find'>,
  { namespace: name, signal }: KindsScope,
): Promise<readonly Check[]> {
  if (name === undefined) return [];
  const subject = `namespace ${name}`;
  try {
    const found = await client.find(NAMESPACES, { name }, { signal });
    return [
      found === undefined
        ? check(subject, 'Failed', 'does not exist: name another with -n')
        : check(subject, 'OK', 'exists'),
    ];
  } catch (error) {
    if (!isForbidden(error)) throw error;
    return [check(subject, 'Unseen', 'you may not get it')];
  }
}
