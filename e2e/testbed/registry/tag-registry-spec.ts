// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBinary } from '../binaries/ensure-binary.ts';
import type { ProcessSpec } from '../processes/managed-process.ts';
import { runCommand } from '../processes/run-command.ts';
import type { Credentials } from './credentials.ts';
import type { RegistrySetup } from './registry.ts';

/** The process of distribution; writes its configuration into the data directory. */
export async function tagRegistrySpec(setup: RegistrySetup): Promise<ProcessSpec> {
  const binary = await ensureBinary('tag-registry');
  const { tlsDirectory } = setup;
  const config = {
    version: '0.1',
    log: { level: 'warn', accesslog: { disabled: false } },
    storage: { filesystem: { rootdirectory: join(setup.dataDirectory, 'content') }, delete: { enabled: true } },
    http: {
      addr: `127.0.0.1:${setup.port}`,
      secret: randomBytes(16).toString('hex'),
      ...(tlsDirectory === undefined
        ? {}
        : { tls: { certificate: join(tlsDirectory, 'tls.crt'), key: join(tlsDirectory, 'tls.key') } }),
    },
    ...(await authentication(setup, binary)),
  };
  const path = join(setup.dataDirectory, 'config.json');
  writeFileSync(path, JSON.stringify(config), { mode: 0o600 });
  // Version 3 sends traces to an OpenTelemetry collector by default.
  return { name: setup.name, command: binary, args: ['serve', path], env: { OTEL_TRACES_EXPORTER: 'none' } };
}

async function authentication(setup: RegistrySetup, binary: string): Promise<{ auth?: object }> {
  const { auth, tokenServer, dataDirectory } = setup;
  if (auth === undefined) return {};
  if (tokenServer === undefined) {
    const path = join(dataDirectory, 'htpasswd');
    writeFileSync(path, await htpasswd(binary, auth), { mode: 0o600 });
    return { auth: { htpasswd: { realm: 'testbed', path } } };
  }
  const jwks = join(dataDirectory, 'jwks.json');
  writeFileSync(jwks, tokenServer.keySet);
  const { realm, service, issuer } = tokenServer;
  return { auth: { token: { realm, service, issuer, jwks } } };
}

async function htpasswd(binary: string, { username, password }: Credentials): Promise<string> {
  const env = { REGISTRY_USERNAME: username, REGISTRY_PASSWORD: password };
  return (await runCommand(binary, ['htpasswd'], { env })).stdout;
}
