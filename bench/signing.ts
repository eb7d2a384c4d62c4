// SPDX-License-Identifier: Apache-2.0
// Measures the cost of a signature with each kind of signer, compared with a plain ECDSA signature of node:crypto in the same process, and
// the memory that the first signature takes: `node bench/signing.ts [NAME…] [--write]`. Each signer runs in its own process, separate from its server.
import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { AwsBed } from '../e2e/kms/aws-bed.ts';
import { AzureBed } from '../e2e/kms/azure-bed.ts';
import { GoogleBed, RING } from '../e2e/kms/google-bed.ts';
import { VaultBed } from '../e2e/kms/vault-bed.ts';
import { account, SigstoreBed, team } from '../e2e/sigstore/sigstore-bed.ts';
import { HeldObjects } from '../e2e/signing/signing-bed.ts';
import { benchArguments, publishTable, refuseToWrite } from './page/publish-table.ts';
import { parseResult, signingJob, type SigningJob, type SigningResult } from './signing-job.ts';

const seconds = Number(process.env['BENCH_SECONDS'] ?? '3');
const MIB = 1024 * 1024;

/** Prepares a signer and hands the job of measuring it on. */
type Preparation = (run: (job: SigningJob) => Promise<void>) => Promise<void>;

function keyPreparation(kind: 'ec' | 'rsa' | 'ed25519'): Preparation {
  return async (run) => {
    const privateKey =
      kind === 'ec'
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
        : kind === 'rsa'
          ? generateKeyPairSync('rsa', { modulusLength: 3072 }).privateKey
          : generateKeyPairSync('ed25519').privateKey;
    const objects = new HeldObjects();
    const pem = privateKey.export({ format: 'pem', type: 'pkcs8' });
    objects.secrets.set('team/keys', { 'x509.pem': Buffer.from(pem) });
    await run(signingJob({ type: 'Key', key: { secretRef: { name: 'keys' } } }, objects, { allow: [], seconds }));
  };
}

const preparations: Readonly<Record<string, Preparation>> = {
  'Key, P-256': keyPreparation('ec'),
  'Key, Ed25519': keyPreparation('ed25519'),
  'Key, RSA 3072': keyPreparation('rsa'),
  'AWS KMS (moto)': async (run) => {
    const bed = await AwsBed.start();
    const uri = `awskms://${bed.proxy.host}/${await bed.key()}`;
    const who = { secretRef: { name: 'aws' }, caBundleRef: { name: 'aws-ca' }, aws: { region: bed.moto.region } };
    const allow = [bed.proxy.host];
    try {
      await run(signingJob({ type: 'KMS', kms: { uri, ...who } }, bed.objects, { allow, seconds }));
    } finally {
      await bed.stop();
    }
  },
  'Google Cloud KMS (double)': async (run) => {
    const bed = await GoogleBed.start();
    bed.kms.addVersion('bench', 'EC_SIGN_P256_SHA256');
    const google = { endpoint: bed.proxy.host, stsEndpoint: bed.kms.server.url };
    const who = { secretRef: { name: 'google' }, caBundleRef: { name: 'google-ca' }, google };
    const allow = [bed.proxy.host, bed.kms.server.host];
    const signer = { type: 'KMS', kms: { uri: `gcpkms://${RING}/cryptoKeys/bench`, ...who } } as const;
    try {
      await run(signingJob(signer, bed.objects, { allow, seconds }));
    } finally {
      await bed.stop();
    }
  },
  'Azure Key Vault (double)': async (run) => {
    const bed = await AzureBed.start();
    bed.vault.addVersion('bench', 'P-256');
    const { server } = bed.vault.directory;
    const who = {
      secretRef: { name: 'azure' },
      caBundleRef: { name: 'azure-ca' },
      azure: { authorityHost: server.url },
    };
    const allow = [bed.proxy.host, server.host];
    const signer = { type: 'KMS', kms: { uri: `azurekms://${bed.proxy.host}/bench`, ...who } } as const;
    try {
      await run(signingJob(signer, bed.objects, { allow, seconds }));
    } finally {
      await bed.stop();
    }
  },
  'OpenBao transit': async (run) => {
    const bed = await VaultBed.start();
    await bed.transit.createKey('bench');
    await bed.giveToken('bench');
    const who = { secretRef: { name: 'vault' }, caBundleRef: { name: 'vault-ca' }, vault: { address: bed.proxy.url } };
    const signer = { type: 'KMS', kms: { uri: 'openbao://bench', ...who } } as const;
    try {
      await run(signingJob(signer, bed.objects, { allow: [bed.proxy.host], seconds }));
    } finally {
      await bed.stop();
    }
  },
  'Keyless (Fulcio), a certificate each': async (run) => {
    const bed = await SigstoreBed.start({ fulcio: true });
    const { url: fulcioURL } = bed.stack.fulcio;
    const token = bed.issuer.token({ namespace: team, serviceAccount: account, audience: 'sigstore' });
    const signer = { type: 'Keyless', keyless: { fulcioURL, serviceAccountName: account } } as const;
    try {
      await run(signingJob(signer, bed.objects, { allow: bed.stack.hosts, token, seconds }));
    } finally {
      await bed.stop();
    }
  },
};

/** Measures in a process of its own. */
async function measured(job: SigningJob): Promise<SigningResult> {
  const worker = spawn(process.execPath, [join(import.meta.dirname, 'signing-worker.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  worker.stdin.end(JSON.stringify(job));
  return parseResult(await text(worker.stdout));
}

function row(name: string, result: SigningResult): string {
  const { perSecond, cpuMs, plainPerSecond, plainCpuMs, before, after } = result;
  const mib = (bytes: number): string => (bytes / MIB).toFixed(0);
  const figures = [
    perSecond.toFixed(0),
    `1/${(plainPerSecond / perSecond).toFixed(1)}`,
    cpuMs.toFixed(2),
    (cpuMs / plainCpuMs).toFixed(1),
    `${mib(before.rss)} → ${mib(after.rss)}`,
    `${mib(before.heapUsed)} → ${mib(after.heapUsed)}`,
  ];
  return `| ${name} | ${figures.join(' | ')} |`;
}

const asked = benchArguments;
if (asked.length > 0) refuseToWrite('names');
const lines = [
  '| signer | signatures/s | of plain signatures/s | CPU each, ms | CPU against plain | RSS before → after first use, MiB | heap before → after, MiB |',
  '| --- | ---: | ---: | ---: | ---: | ---: | ---: |',
];
for (const [name, prepare] of Object.entries(preparations)) {
  if (asked.length > 0 && !asked.some((word) => name.includes(word))) continue;
  await prepare(async (job) => {
    lines.push(row(name, await measured(job)));
  });
}
await publishTable({ id: 'signing', lines });
