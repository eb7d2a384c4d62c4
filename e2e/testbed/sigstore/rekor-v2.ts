// SPDX-License-Identifier: Apache-2.0
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBinary } from '../binaries/ensure-binary.ts';
import { freePort } from '../processes/free-port.ts';
import type { Supervisor } from '../processes/supervisor.ts';
import { SigstoreServer } from './sigstore-server.ts';

/** Rekor v2, the tiled log, on files. */
export class RekorV2 {
  readonly server: SigstoreServer;
  /** Ed25519. */
  readonly publicKey: KeyObject;
  /** The first line of its checkpoints, which its key id is made of, too. */
  readonly origin: string;

  /** Checkpoint, tiles and entries as files: another server gives them out, under the same host in real deployments. */
  readonly files: string;

  private constructor(server: SigstoreServer, publicKey: KeyObject, log: { origin: string; files: string }) {
    this.server = server;
    this.publicKey = publicKey;
    this.origin = log.origin;
    this.files = log.files;
  }

  static async start(supervisor: Supervisor): Promise<RekorV2> {
    const port = await freePort();
    const name = `rekor-tiles-${port}`;
    const directory = supervisor.dataDirectory(name);
    const storage = join(directory, 'log');
    const keyFile = join(directory, 'key.pem');
    mkdirSync(storage, { recursive: true });
    const { privateKey } = generateKeyPairSync('ed25519');
    writeFileSync(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    // Verifiers expect the host of the URL, without its port.
    const origin = '127.0.0.1';
    const spec = {
      name,
      command: await ensureBinary('rekor-tiles'),
      args: [
        'serve',
        `--storage-dir=${storage}`,
        `--signer-filepath=${keyFile}`,
        `--hostname=${origin}`,
        '--http-address=127.0.0.1',
        `--http-port=${port}`,
        '--grpc-address=127.0.0.1',
        `--grpc-port=${await freePort()}`,
        `--http-metrics-port=${await freePort()}`,
        // An entry is answered once a checkpoint covers it: every 10 seconds by default.
        '--checkpoint-interval=200ms',
        '--batch-max-age=20ms',
      ],
    };
    const server = new SigstoreServer(supervisor, port, spec, '/healthz');
    await server.up();
    return new RekorV2(server, createPublicKey(privateKey), { origin, files: storage });
  }

  get url(): string {
    return this.server.url;
  }
}
