// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { ensureBinary } from '../binaries/ensure-binary.ts';
import type { ProcessSpec } from '../processes/managed-process.ts';
import type { RegistrySetup } from './registry.ts';

/** The process of go-containerregistry's registry. */
export async function referrersRegistrySpec(setup: RegistrySetup): Promise<ProcessSpec> {
  const { auth, tlsDirectory } = setup;
  const tls =
    tlsDirectory === undefined
      ? []
      : ['-tls-cert', join(tlsDirectory, 'tls.crt'), '-tls-key', join(tlsDirectory, 'tls.key')];
  return {
    name: setup.name,
    command: await ensureBinary('referrers-registry'),
    args: ['-address', `127.0.0.1:${setup.port}`, '-data', setup.dataDirectory, ...tls],
    env: auth === undefined ? {} : { REGISTRY_USERNAME: auth.username, REGISTRY_PASSWORD: auth.password },
  };
}
