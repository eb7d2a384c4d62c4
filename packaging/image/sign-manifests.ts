// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { field } from '../../src/json/fields.ts';
import type { Descriptor, Layout } from '../oci/layout.ts';
import { addReferrer } from '../oci/referrers.ts';

const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const SIGNATURE = 'https://sigstore.dev/cosign/sign/v1';
const COMMAND = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');

export interface Signing {
  readonly manifests: readonly Descriptor[];
  /** Where the manifests will be. */
  readonly repository: string;
  /** A private key, as `hallmark sign` reads it. */
  readonly key: string;
}

/** Signs manifests of a layout with `hallmark sign`, and adds each signature as a Sigstore bundle that refers to what it signs. */
export async function signManifests(layout: Layout, { manifests, repository, key }: Signing): Promise<void> {
  const images = manifests.map(({ digest }) => `${repository}@${digest}`);
  const signed: unknown = JSON.parse(await hallmarkSign(images, key));
  const bundles = Array.isArray(signed) ? signed.map((entry: unknown) => field(entry, 'bundle')) : [];
  for (const manifest of manifests) {
    const bundle = bundles.find((candidate) =>
      statementOf(candidate).includes(manifest.digest.slice('sha256:'.length)),
    );
    if (bundle === undefined) throw new Error(`hallmark sign made no signature of ${manifest.digest}`);
    await addReferrer(layout, manifest, {
      content: Buffer.from(JSON.stringify(bundle)),
      mediaType: BUNDLE,
      annotations: { 'dev.sigstore.bundle.content': 'dsse-envelope', 'dev.sigstore.bundle.predicateType': SIGNATURE },
    });
  }
}

function statementOf(bundle: unknown): string {
  return Buffer.from(String(field(field(bundle, 'dsseEnvelope'), 'payload')), 'base64').toString('utf8');
}

/** Signs images alone, without a statement of how they were built: no run of Tekton built them. */
async function hallmarkSign(images: readonly string[], key: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hallmark-sign-'));
  try {
    const [run, policy] = [join(folder, 'run.json'), join(folder, 'policy.json')];
    await writeFile(run, JSON.stringify(runThatNames(images)));
    await writeFile(policy, JSON.stringify(imagePolicy));
    const args = [COMMAND, 'sign', '--filename', run, '--policy', policy, '--key', key];
    const child = spawn(process.execPath, args, { stdio: ['inherit', 'pipe', 'inherit'] });
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    const output = await text(child.stdout);
    if ((await ended) === 0) return output;
    throw new Error('hallmark sign failed');
  } finally {
    await rm(folder, { recursive: true });
  }
}

function runThatNames(images: readonly string[]) {
  return {
    apiVersion: 'tekton.dev/v1',
    kind: 'TaskRun',
    metadata: { name: 'image', namespace: 'release', uid: 'image' },
    spec: {},
    status: {
      conditions: [{ type: 'Succeeded', status: 'True' }],
      results: [{ name: 'IMAGES', type: 'string', value: images.join(',') }],
    },
  };
}

const imagePolicy = {
  apiVersion: 'hallmark.dev/v1alpha1',
  kind: 'SigningPolicy',
  metadata: { name: 'release', namespace: 'release' },
  spec: {
    attestation: { format: 'None' },
    imageSignatures: { formats: ['SigstoreStatement'] },
    signer: { type: 'Key', key: { secretRef: { name: 'release' } } },
  },
};
