// SPDX-License-Identifier: Apache-2.0
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBinary } from '../binaries/ensure-binary.ts';
import { issueCertificate, type IssuedCertificate } from '../certificates/issue-certificate.ts';
import { freePort } from '../processes/free-port.ts';
import type { Supervisor } from '../processes/supervisor.ts';
import { SigstoreServer } from './sigstore-server.ts';

/** sigstore's RFC 3161 timestamp authority with a key in a file. */
export class TimestampAuthority {
  readonly server: SigstoreServer;
  /** The timestamping certificate first, the root last. */
  readonly chain: readonly IssuedCertificate[];

  private constructor(server: SigstoreServer, chain: readonly IssuedCertificate[]) {
    this.server = server;
    this.chain = chain;
  }

  static async start(supervisor: Supervisor): Promise<TimestampAuthority> {
    const chain = timestampChain();
    const port = await freePort();
    const name = `timestamp-authority-${port}`;
    const directory = supervisor.dataDirectory(name);
    const certificates = join(directory, 'chain.pem');
    const key = join(directory, 'key.pem');
    writeFileSync(certificates, chain.map(({ certificate }) => certificate).join(''));
    writeFileSync(key, chain[0].privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    const spec = {
      name,
      command: await ensureBinary('timestamp-server'),
      args: [`-port=${port}`, `-key=${key}`, `-certificate-chain=${certificates}`],
    };
    const server = new SigstoreServer(supervisor, port, spec, '/ping');
    await server.up();
    return new TimestampAuthority(server, chain);
  }

  /** The URL for timestamp requests. */
  get url(): string {
    return `${this.server.url}/api/v1/timestamp`;
  }
}

function timestampChain(): [IssuedCertificate, IssuedCertificate, IssuedCertificate] {
  const root = issueCertificate({ name: 'Testbed timestamp root', isAuthority: true });
  const middle = issueCertificate({
    name: 'Testbed timestamp intermediate',
    issuer: root,
    isAuthority: true,
    usage: 'TimeStamping',
  });
  return [issueCertificate({ name: 'Testbed timestamping', issuer: middle, usage: 'TimeStamping' }), middle, root];
}
