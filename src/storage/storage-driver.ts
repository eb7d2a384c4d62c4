// SPDX-License-Identifier: Apache-2.0
import type { BackendDefinition } from './backend-definition.ts';
import type { DriverContext } from './driver-context.ts';
import type { StorageDriver } from './driver.ts';
import { OciDriver } from './oci/oci-driver.ts';
import { TektonDriver } from './tekton/tekton-driver.ts';

/** The driver of a backend. Making one does nothing yet; references and endpoints are read at each call. */
export function storageDriver(backend: BackendDefinition, context: DriverContext): StorageDriver {
  const { spec } = backend;
  switch (spec.type) {
    case 'Tekton':
      return new TektonDriver(context);
    case 'OCI':
      return new OciDriver(backend, spec.oci, context);
  }
}
