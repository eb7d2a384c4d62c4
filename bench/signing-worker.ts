// SPDX-License-Identifier: Apache-2.0
// One process of bench/signing.ts: reads a job from standard input, signs, and prints what that cost this process alone.
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';
import { validator } from '../src/api/v1alpha1/parsing/validator.ts';
import { policySigner } from '../src/api/v1alpha1/signing-policy/policy-signer.ts';
import { SecretValue } from '../src/runtime/secret-value.ts';
import { signingSource } from '../src/signing/signing-source-of.ts';
import { HeldObjects, signingContext } from '../e2e/signing/signing-bed.ts';
import { parseJob, type SigningResult } from './signing-job.ts';

/** Signatures that are asked for at the same time. */
const CONCURRENCY = 8;
const never = new AbortController().signal;
const data = randomBytes(4096);

setFlagsFromString('--expose-gc');
const collectGarbage = new Script('gc()');

function memory(): SigningResult['before'] {
  collectGarbage.runInNewContext();
  const { rss, heapUsed } = process.memoryUsage();
  return { rss, heapUsed };
}

/** Signs for so many seconds, several at a time. */
async function measure(work: () => Promise<unknown>, seconds: number) {
  await work();
  const began = performance.now();
  const cpu = process.cpuUsage();
  let count = 0;
  const worker = async (): Promise<void> => {
    while (performance.now() - began < seconds * 1000) {
      await work();
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  const { user, system } = process.cpuUsage(cpu);
  return { perSecond: (count / (performance.now() - began)) * 1000, cpuMs: (user + system) / 1000 / count };
}

const job = parseJob(await text(process.stdin));
const objects = new HeldObjects();
for (const [name, entries] of Object.entries(job.secrets)) {
  const bytes = Object.entries(entries).map(([entry, base64]) => [entry, Buffer.from(base64, 'base64')] as const);
  objects.secrets.set(name, Object.fromEntries(bytes));
}
for (const [name, entries] of Object.entries(job.configMaps)) objects.configMaps.set(name, entries);
const signer = validator(policySigner)(JSON.parse(job.signer));
if (!signer.ok) throw new Error(JSON.stringify(signer.problems));
const token = { token: new SecretValue(job.token), expiresAt: new Date(Date.now() + 600_000) };
const context = { ...signingContext(objects, { allow: job.allow }), tokens: { token: () => Promise.resolve(token) } };
const policy = { kind: 'SigningPolicy', description: 'SigningPolicy team/builds', homeNamespace: 'team' } as const;

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const signPlainly = promisify(sign);
const plain = await measure(() => signPlainly('sha256', data, privateKey), job.seconds);

const before = memory();
const source = signingSource({ ...policy, signer: signer.value }, context);
const first = await source.signer(never);
await first.sign(data);
const after = memory();

// A keyless signer is one for each run, with a key and a certificate of its own; each run asks the other signers too, as the operator does.
const measured = await measure(async () => (await source.signer(never)).sign(data), job.seconds);
await source.close();
await context.egress.close();
const { perSecond: plainPerSecond, cpuMs: plainCpuMs } = plain;
process.stdout.write(
  JSON.stringify({ ...measured, plainPerSecond, plainCpuMs, before, after } satisfies SigningResult),
);
