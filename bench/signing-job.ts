// SPDX-License-Identifier: Apache-2.0
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import type { SignerDefinition } from '../src/signing/signer-definition.ts';
import type { HeldObjects } from '../e2e/signing/signing-bed.ts';

/** The subject of one process: a signer, and the context through which it reaches the network. */
const Job = Type.Object({
  /** JSON of `spec.signer`. */
  signer: Type.String(),
  /** Entries in base64. */
  secrets: Type.Record(Type.String(), Type.Record(Type.String(), Type.String())),
  configMaps: Type.Record(Type.String(), Type.Record(Type.String(), Type.String())),
  allow: Type.Array(Type.String()),
  /** A ServiceAccount's token, for the one signer that takes it. */
  token: Type.String(),
  seconds: Type.Number(),
});
const Result = Type.Object({
  perSecond: Type.Number(),
  cpuMs: Type.Number(),
  plainPerSecond: Type.Number(),
  plainCpuMs: Type.Number(),
  before: Type.Object({ rss: Type.Number(), heapUsed: Type.Number() }),
  after: Type.Object({ rss: Type.Number(), heapUsed: Type.Number() }),
});

const jobs = Compile(Job);
const results = Compile(Result);

export type SigningJob = Static<typeof Job>;
export type SigningResult = Static<typeof Result>;

export function parseJob(text: string): SigningJob {
  return jobs.Parse(JSON.parse(text));
}

export function parseResult(text: string): SigningResult {
  return results.Parse(JSON.parse(text));
}

/** The job of signing as a policy with these objects in its namespace would. */
export function signingJob(
  signer: SignerDefinition['signer'],
  objects: HeldObjects,
  more: { readonly allow: readonly string[]; readonly token?: string; readonly seconds: number },
): SigningJob {
  const secrets = [...objects.secrets].map(([name, entries]): [string, Record<string, string>] => {
    const texts = Object.entries(entries).map(([entry, bytes]): [string, string] => [
      entry,
      Buffer.from(bytes).toString('base64'),
    ]);
    return [name, Object.fromEntries(texts)];
  });
  return {
    signer: JSON.stringify(signer),
    secrets: Object.fromEntries(secrets),
    configMaps: Object.fromEntries(objects.configMaps),
    allow: [...more.allow],
    token: more.token ?? '',
    seconds: more.seconds,
  };
}
