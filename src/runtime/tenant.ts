// SPDX-License-Identifier: Apache-2.0
import { AsyncLocalStorage } from 'node:async_hooks';

const tenants = new AsyncLocalStorage<string>();

/** Does work for a tenant: everything that the work calls and awaits finds it with `currentTenant`. */
export function onBehalfOf<T>(tenant: string, work: () => T): T {
  return tenants.run(tenant, work);
}

/**
 * The namespace that the work under way is for. Empty for kinds of the whole cluster and for the operator's own work. Client libraries open
 * connections by themselves, so no argument could carry it to there.
 */
export function currentTenant(): string {
  return tenants.getStore() ?? '';
}
