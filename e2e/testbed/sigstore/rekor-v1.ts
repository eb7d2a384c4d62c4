// SPDX-License-Identifier: Apache-2.0
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBinaries, ensureBinary } from '../binaries/ensure-binary.ts';
import { freePort } from '../processes/free-port.ts';
import type { ProcessSpec } from '../processes/managed-process.ts';
import type { Supervisor } from '../processes/supervisor.ts';
import { SigstoreServer } from './sigstore-server.ts';
import { startTrillian, type Trillian } from './trillian.ts';

/** Rekor with a Trillian of its own, which stays when Rekor goes down, so that the log is the same when it is back. */
export class RekorV1 {
  readonly server: SigstoreServer;
  readonly publicKey: KeyObject;

  private constructor(server: SigstoreServer, publicKey: KeyObject) {
    this.server = server;
    this.publicKey = publicKey;
  }

  static async start(supervisor: Supervisor): Promise<RekorV1> {
    await ensureBinaries(['trillian', 'rekor-server']);
    const trillian = await startTrillian(supervisor);
    const port = await freePort();
    const name = `rekor-${port}`;
    const keyFile = join(supervisor.dataDirectory(name), 'key.pem');
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    writeFileSync(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    const command = await ensureBinary('rekor-server');
    const spec = (treeID: string): ProcessSpec => ({
      name,
      command,
      args: rekorArguments({ port, keyFile, trillian, treeID }),
    });
    // The first start makes the tree, and every later one names it.
    const first = new SigstoreServer(supervisor, port, spec('0'), '/api/v1/log');
    await first.up();
    const treeID = await treeOf(first.url);
    await first.down();
    const server = new SigstoreServer(supervisor, port, spec(treeID), '/api/v1/log');
    await server.up();
    return new RekorV1(server, createPublicKey(privateKey));
  }

  get url(): string {
    return this.server.url;
  }
}

interface RekorFiles {
  readonly port: number;
  readonly keyFile: string;
  readonly trillian: Trillian;
  readonly treeID: string;
}

function rekorArguments({ port, keyFile, trillian, treeID }: RekorFiles): string[] {
  return [
    'serve',
    '--rekor_server.address=127.0.0.1',
    `--port=${port}`,
    `--rekor_server.hostname=127.0.0.1:${port}`,
    `--rekor_server.signer=${keyFile}`,
    `--trillian_log_server.address=${trillian.host}`,
    `--trillian_log_server.port=${trillian.port}`,
    `--trillian_log_server.tlog_id=${treeID}`,
    // The search index wants a Redis.
    '--enable_retrieve_api=false',
    `--enabled_api_endpoints=${endpoints.join(',')}`,
  ];
}

const endpoints = [
  'getLogInfo',
  'getPublicKey',
  'getLogProof',
  'createLogEntry',
  'getLogEntryByIndex',
  'getLogEntryByUUID',
  'searchLogQuery',
];

async function treeOf(url: string): Promise<string> {
  const info: unknown = await (await fetch(`${url}/api/v1/log`)).json();
  if (typeof info === 'object' && info !== null && 'treeID' in info && typeof info.treeID === 'string') {
    return info.treeID;
  }
  throw new Error('Rekor does not say which tree it made');
}
