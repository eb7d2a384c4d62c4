// SPDX-License-Identifier: Apache-2.0
import type { CompiledBackend } from '../../pipelines/definitions.ts';
import type { DriverContext, StorageDriver } from '../../storage/driver.ts';
import { storageDriver } from '../../storage/storage-driver.ts';
import { backendKey, type BackendKey, type BackendName } from '../../pipelines/backend-key.ts';

interface PooledDriver {
  readonly version: string;
  readonly driver: StorageDriver;
}

/** One open driver a backend, as long as the backend stays as it is. */
export class DriverPool {
  readonly #context: DriverContext;
  readonly #open: typeof storageDriver;
  readonly #drivers = new Map<BackendKey, PooledDriver>();

  /** @param open makes the driver of a backend */
  constructor(context: DriverContext, open: typeof storageDriver = storageDriver) {
    this.#context = context;
    this.#open = open;
  }

  /** The backend's driver; a backend that was edited or made anew gets a new one. */
  driver(backend: CompiledBackend): StorageDriver {
    const key = backendKey(backend);
    const version = `${backend.uid}/${backend.generation}`;
    const pooled = this.#drivers.get(key);
    if (pooled?.version === version) return pooled.driver;
    this.forget(backend);
    const driver = this.#open(backend, this.#context);
    this.#drivers.set(key, { version, driver });
    return driver;
  }

  /** Closes the driver of a deleted or edited backend; interrupted uploads are retried. */
  forget(backend: BackendName): void {
    const key = backendKey(backend);
    const pooled = this.#drivers.get(key);
    this.#drivers.delete(key);
    // Nothing uses this driver any more, so a failed close is harmless.
    pooled?.driver.close?.().catch(() => undefined);
  }

  /** Closes all drivers; their own signals abort pending uploads. */
  async close(): Promise<void> {
    const open = [...this.#drivers.values()];
    this.#drivers.clear();
    await Promise.all(
      open.map(async ({ driver }) => {
        await driver.close?.();
      }),
    );
  }
}
