// SPDX-License-Identifier: Apache-2.0
import { field, listField } from '../../json/fields.ts';
import type { ListWatchHandler } from '../../kube/watch/list-watch-options.ts';
import { parseObjectKey } from '../../kube/resource.ts';
import type { ShownObject } from '../../telemetry/shown-objects.ts';
import type { ShownConditions, ShownName } from '../memory/shown-conditions.ts';
import { storedConditions } from '../write-status.ts';

/** A handler of policies or backends that also notes their conditions for the metrics. */
export function showingConditions(
  conditions: ShownConditions,
  kind: string,
  handler: ListWatchHandler<unknown>,
): ListWatchHandler<unknown> {
  const nameOf = (key: string): ShownName => {
    const { namespace = '', name } = parseObjectKey(key);
    return { kind, namespace, name };
  };
  return {
    upsert(key, object, origin) {
      conditions.note(shownObject(nameOf(key), object));
      handler.upsert(key, object, origin);
    },
    remove(key, last, uid) {
      conditions.forget(nameOf(key));
      handler.remove(key, last, uid);
    },
    synced: () => {
      handler.synced();
    },
  };
}

/** The part of a policy or backend that the metrics show. */
function shownObject({ kind, namespace, name }: ShownName, object: unknown): ShownObject {
  const conditions = storedConditions(object);
  const statusOf = (wanted: string) => conditions.find(({ type }) => type === wanted)?.status;
  return {
    ...{ kind, namespace, name },
    ready: statusOf('Ready') ?? 'Unknown',
    isStalled: statusOf('Stalled') === 'True',
    notAfterSeconds: notAfterSeconds(object),
  };
}

/** The end of the active key that the status of a policy publishes. */
function notAfterSeconds(object: unknown): number | undefined {
  const keys = listField(field(object, 'status'), 'verificationKeys');
  const active = keys.find((key) => field(key, 'state') === 'Active');
  const milliseconds = Date.parse(String(field(active, 'notAfter')));
  return Number.isNaN(milliseconds) ? undefined : milliseconds / 1000;
}
