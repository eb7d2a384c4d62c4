// SPDX-License-Identifier: Apache-2.0
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { ensureBinary } from '../binaries/ensure-binary.ts';
import { issueCertificate, type IssuedCertificate } from '../certificates/issue-certificate.ts';
import { freePort } from '../processes/free-port.ts';
import type { Supervisor } from '../processes/supervisor.ts';
import { SigstoreServer } from './sigstore-server.ts';

/** The issuer whose ServiceAccount tokens Fulcio accepts. */
export interface TokenIssuer {
  readonly url: string;
  /** PEM file to trust for its TLS; none for plain HTTP. */
  readonly caFile?: string;
}

export interface FulcioOptions {
  readonly issuer: TokenIssuer;
  /** Audience of the tokens; `sigstore` by default. */
  readonly audience?: string;
}

/** Fulcio with a certificate authority of one intermediate, no certificate log, and one issuer of ServiceAccount tokens. */
export class Fulcio {
  readonly server: SigstoreServer;
  /** PEM of the authority's certificates, the issuing one first. */
  readonly chain: readonly IssuedCertificate[];

  private constructor(server: SigstoreServer, chain: readonly IssuedCertificate[]) {
    this.server = server;
    this.chain = chain;
  }

  static async start(supervisor: Supervisor, options: FulcioOptions): Promise<Fulcio> {
    const root = issueCertificate({ name: 'Testbed root', isAuthority: true });
    const issuing = issueCertificate({ name: 'Testbed Fulcio', issuer: root, isAuthority: true, usage: 'CodeSigning' });
    const port = await freePort();
    const name = `fulcio-${port}`;
    const directory = supervisor.dataDirectory(name);
    const certificates = join(directory, 'chain.pem');
    const key = join(directory, 'key.pem');
    const config = join(directory, 'config.yaml');
    writeFileSync(certificates, issuing.certificate + root.certificate);
    writeFileSync(key, issuing.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    writeFileSync(config, configuration(options));
    const { caFile } = options.issuer;
    const spec = {
      name,
      command: await ensureBinary('fulcio'),
      args: [
        'serve',
        '--host=127.0.0.1',
        `--port=${port}`,
        '--grpc-host=127.0.0.1',
        `--grpc-port=${await freePort()}`,
        `--metrics-port=${await freePort()}`,
        `--legacy-unix-domain-socket=@${name}`,
        `--config-path=${config}`,
        '--ca=fileca',
        `--fileca-cert=${certificates}`,
        `--fileca-key=${key}`,
        // Asked for even where the key is not encrypted.
        '--fileca-key-passwd=none',
        '--fileca-watch=false',
        '--ct-log-url=',
      ],
      ...(caFile === undefined ? {} : { env: { SSL_CERT_FILE: caFile } }),
    };
    const server = new SigstoreServer(supervisor, port, spec, '/healthz');
    await server.up();
    return new Fulcio(server, [issuing, root]);
  }

  get url(): string {
    return this.server.url;
  }
}

/** Fulcio's configuration. Fulcio takes text that parses as JSON for an older format. */
function configuration({ issuer, audience = 'sigstore' }: FulcioOptions): string {
  const settings = { 'issuer-url': issuer.url, 'client-id': audience, type: 'kubernetes' };
  return stringify({ 'oidc-issuers': { [issuer.url]: settings } });
}
