// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { isInvalid } from '../../../src/kube/kube-error.ts';
import { runResources } from '../../../src/kube/tekton-resources.ts';
import { asManifest, at } from '../../chart/helm.ts';
import { conditionOf } from '../../harness/record.ts';
import { childMetadata, childReference } from '../../resilience/managed-runs.ts';
import { CommandFailed } from '../../testbed/processes/run-command.ts';
import { waitUntil } from '../../testbed/processes/wait-until.ts';
import type { Arena, Attack } from '../arena.ts';
import { crowdAttacks } from './crowd.ts';
import { finishedRun, imageOf, notReady, policySpec, put, refusalOf, soon, recordOf } from './hallmark-objects.ts';
import { inParallel } from './in-parallel.ts';

const HALLMARK = 'hallmark.dev/v1alpha1';

/** The backends whose names would lead to another place, by what they try. */
const astray: Readonly<Record<string, object>> = {
  'a bucket with a path': { type: 'S3', s3: { bucket: '../other', region: 'eu-central-1', authentication: auth() } },
  'a bucket with a host': { type: 'S3', s3: { bucket: 'a.b@evil', region: 'eu-central-1', authentication: auth() } },
  'a prefix that climbs': {
    type: 'S3',
    s3: { bucket: 'evidence', prefix: '../../other/', region: 'eu-central-1', authentication: auth() },
  },
  'a region that is a host': {
    type: 'S3',
    s3: { bucket: 'evidence', region: 'x.evil.example/#', authentication: auth() },
  },
  'a bucket of Google with a path': { type: 'GCS', gcs: { bucket: 'a/../b', authentication: auth() } },
  'a repository that climbs': {
    type: 'OCI',
    oci: {
      encoding: 'CosignTags',
      repository: 'registry.example.com/../../other',
      authentication: { type: 'Anonymous' },
    },
  },
  'a repository with credentials': {
    type: 'OCI',
    oci: {
      encoding: 'CosignTags',
      repository: 'me:secret@registry.example.com/app',
      authentication: { type: 'Anonymous' },
    },
  },
  'an endpoint with credentials and a query': {
    type: 'Archivista',
    artifacts: ['Attestation'],
    archivista: { url: 'https://me:secret@archivista.example.com/?x=1', authentication: auth() },
  },
  'a file for an endpoint': {
    type: 'Archivista',
    artifacts: ['Attestation'],
    archivista: { url: 'file:///etc/passwd', authentication: auth() },
  },
};

function auth(): object {
  return { type: 'Secret', secretRef: { name: 'credentials' } };
}

/** Hosts that no team may reach, however they are written. */
const forbidden = [
  'https://169.254.169.254',
  'https://[fd00:ec2::254]',
  'https://2852039166',
  'https://0xa9.0xfe.0xa9.0xfe',
  'https://[::ffff:169.254.169.254]',
  'https://[64:ff9b::a9fe:a9fe]',
  'https://metadata.hostile.test',
  'https://api-server.hostile.test:6443',
];

function archivista(url: string): object {
  return { type: 'Archivista', artifacts: ['Attestation'], archivista: { url } };
}

export const tenantAttacks: readonly Attack[] = [
  ...crowdAttacks,
  {
    title: 'more names that resolve slowly than there are places for look-ups hold up the look-ups of no other team',
    gain: "others' requests time out",
    attempt: async (arena) => {
      const { honest } = arena;
      await inParallel(70, async (index) => {
        arena.name(`slow-${index}.hostile.test`, () => undefined);
        await put(arena, 'StorageBackend', {
          name: `slow-${index}`,
          spec: archivista(`https://slow-${index}.hostile.test`),
        });
      });
      await waitUntil('the slow names are asked for', () => arena.names.asked.some((name) => name.startsWith('slow-')));
      arena.name('quick.honest.test', () => ({ addresses: ['127.0.0.9'], ttl: 1 }));
      const beganMs = performance.now();
      await put(arena, 'StorageBackend', {
        ...{ name: 'quick', namespace: honest.namespace },
        spec: archivista('https://quick.honest.test'),
      });
      await notReady(arena, 'StorageBackend', { name: 'quick', namespace: honest.namespace }, /EndpointForbidden/);
      return `another team's name was looked up after ${(performance.now() - beganMs).toFixed(0)} ms`;
    },
  },
  {
    title: 'a policy as large as its schema allows is refused with what to shorten',
    gain: "the operator's memory",
    attempt: async (arena) => {
      const allowedRepositories = Array.from({ length: 256 }, (_, index) => `${index}/`.padEnd(512, 'x'));
      const redactParameters = Array.from({ length: 64 }, (_, index) => `p${index}`.padEnd(253, 'y'));
      const spec = policySpec('large', {
        subjects: { allowedRepositories },
        attestation: { redactParameters },
        transparency: { type: 'None', timestampAuthorities: [{ url: 'https://tsa.hostile.test' }] },
        trustedRoot: { type: 'Inline', inline: 'x'.repeat(131_072) },
      });
      await put(arena, 'SigningPolicy', { name: 'large', spec });
      return notReady(arena, 'SigningPolicy', { name: 'large' }, /spec is larger than 262144 bytes: shorten/);
    },
  },
  {
    title: 'globs and names made to be slow are matched at once',
    gain: "the operator's time",
    attempt: async (arena) => {
      const allowedRepositories = Array.from({ length: 100 }, (_, index) => `${'*a'.repeat(240)}*${index}*b`);
      await put(arena, 'SigningPolicy', {
        name: 'globs',
        spec: policySpec('globs', { subjects: { allowedRepositories } }),
      });
      const run = await finishedRun(arena, 'globs', {
        labels: { attack: 'globs' },
        results: imageOf(`registry.example.com/${'a'.repeat(200)}/${'a'.repeat(30)}`),
      });
      const record = await recordOf(
        arena,
        { policy: 'globs', run: run },
        'says that its subject is not allowed',
        (seen) => seen.status?.reason === 'SubjectNotAllowed',
      );
      return String(record.status?.reason);
    },
  },
  {
    title: 'hundreds of label requirements select nothing more than they say, at once',
    gain: "the operator's time",
    attempt: async (arena) => {
      const values = Array.from({ length: 64 }, (_, index) => `v${index}`.padEnd(63, 'a'));
      const matchExpressions = Array.from({ length: 32 }, (_, index) => ({
        key: `k${index}`,
        operator: 'NotIn',
        values,
      }));
      const spec = policySpec('labels', { selector: { matchLabels: { attack: 'labels' }, matchExpressions } });
      await put(arena, 'SigningPolicy', { name: 'labels', spec });
      const labels = { attack: 'labels', ...Object.fromEntries(values.map((value, index) => [`k${index}x`, value])) };
      const run = await finishedRun(arena, 'labels', { labels });
      await recordOf(arena, { policy: 'labels', run: run }, 'is Ready', (seen) => conditionOf(seen)?.status === 'True');
      return 'signed as selected';
    },
  },
  ...Object.entries(astray).map(([what, spec]): Attack => ({
    title: `${what} in a backend is refused by the API server`,
    gain: "another place than the backend's own",
    attempt: async (arena) => {
      const isRefused = (error: unknown): boolean => isInvalid(error) && /: spec\./.test(String(error));
      await assert.rejects(put(arena, 'StorageBackend', { name: 'astray', spec }), isRefused);
      return 'Invalid';
    },
  })),
  {
    title: 'endpoints at metadata services and API servers are not connected to, however they are written',
    gain: "the cloud's credentials",
    attempt: async (arena) => {
      arena.name('metadata.hostile.test', () => ({ addresses: ['169.254.169.254'], ttl: 0 }));
      arena.name('api-server.hostile.test', () => ({ addresses: ['127.0.0.1'], ttl: 0 }));
      for (const [index, url] of forbidden.entries())
        await put(arena, 'StorageBackend', { name: `forbidden-${index}`, spec: archivista(url) });
      for (const index of forbidden.keys())
        await notReady(arena, 'StorageBackend', { name: `forbidden-${index}` }, /EndpointForbidden/);
      return 'EndpointForbidden';
    },
  },
  {
    title: "a Secret of another team's, or of the operator's, cannot be named as a key",
    gain: "another team's key",
    attempt: async (arena) => {
      const { honest, bed } = arena;
      const metadata = { name: 'stolen-key', namespace: bed.team.name };
      const key = (secretRef: object): object => ({ signer: { type: 'Key', key: { secretRef } } });
      for (const secretRef of [
        { name: 'signing-secrets', namespace: honest.namespace },
        { name: `${honest.namespace}/signing-secrets` },
        { name: `../${honest.namespace}/secrets/signing-secrets` },
      ]) {
        const spec = policySpec('stolen', key(secretRef));
        const refusal = await refusalOf(arena, { apiVersion: HALLMARK, kind: 'SigningPolicy', metadata, spec });
        assert.match(refusal ?? 'it is taken', /unknown field|is invalid/);
      }
      await put(arena, 'SigningPolicy', {
        name: 'stolen-key',
        spec: policySpec('stolen', key({ name: 'hallmark-seal' })),
      });
      return notReady(arena, 'SigningPolicy', { name: 'stolen-key' }, /KeyNotFound/);
    },
  },
  {
    title: 'a status cannot be written by a member of the team, nor a policy for the whole cluster',
    gain: 'a policy that looks Ready, or reaches others',
    attempt: async (arena) => {
      const patch = JSON.stringify({ status: { conditions: [] } });
      const args = ['patch', 'signingpolicy', 'builds', '--subresource=status', '--type=merge', '-p', patch];
      const isRefused = (error: unknown): boolean => error instanceof CommandFailed && /orbidden/.test(error.stderr);
      await assert.rejects(arena.member.kubectl(args), isRefused);
      const spec = { ...policySpec('all'), subjects: { allowedRepositories: ['*'] }, backendRefs: [] };
      const refusal = await refusalOf(arena, {
        apiVersion: HALLMARK,
        kind: 'ClusterSigningPolicy',
        metadata: { name: 'all' },
        spec,
      });
      assert.match(refusal ?? 'it is taken', /orbidden/);
      return 'Forbidden';
    },
  },
  {
    title: 'TaskRuns that carry the label of a PipelineRun are no children of it, however many',
    gain: 'evidence of another build, and memory',
    attempt: (arena) => strayChildren(arena),
  },
  {
    title: 'a record that the team deletes is made again from its run, with the same evidence',
    gain: 'a run without a record',
    attempt: async (arena) => {
      const run = await finishedRun(arena, 'unrecorded');
      const before = await arena.bed.readyRecord(run);
      await arena.member.kubectl(['delete', 'provenancerecord', before.metadata.name]);
      const isNew = ({ metadata }: typeof before): boolean => metadata.uid !== before.metadata.uid;
      const again = await arena.bed.recordWhen('is made again', run, isNew);
      assert.equal(again.evidence?.artifacts?.[0]?.payloadDigest, before.evidence?.artifacts?.[0]?.payloadDigest);
      return 'made again';
    },
  },
];

/** A PipelineRun with one child, and many TaskRuns with its label that claim another image. */
async function strayChildren(arena: Arena): Promise<string> {
  const { bed } = arena;
  const managedBy = 'testbed.hallmark.dev/resilience';
  const spec = policySpec('stray', {
    runs: { managedBy: [managedBy], kinds: ['PipelineRun'] },
    attestation: { deepInspection: true },
  });
  await put(arena, 'SigningPolicy', { name: 'stray', spec });
  const taskSpec = { steps: [{ name: 'bake', image: 'registry.example.com/oven:1', command: ['bake'] }] };
  const metadata = { name: 'stray', namespace: bed.team.name, labels: { attack: 'stray' } };
  const object = { metadata, spec: { managedBy, pipelineSpec: { tasks: [{ name: 'bake', taskSpec }] } } };
  const run = asManifest(await bed.client.create(runResources.PipelineRun, object, soon()));
  const createChild = async (task: string, rest: object = {}) => {
    const child = { metadata: { ...childMetadata(run, task), ...rest }, spec: { managedBy, taskSpec } };
    return asManifest(await bed.client.create(runResources.TaskRun, child, soon()));
  };
  await bed.runs.finish(await createChild('bake'), { results: imageOf('registry.example.com/good') });
  await inParallel(150, (index) => createChild(`evil-${index}`, { ownerReferences: [] }));
  const status = { childReferences: [childReference(run, 'bake')], pipelineSpec: at(run, 'spec', 'pipelineSpec') };
  await bed.runs.finish(run, { status });
  const identity = { name: 'stray', uid: String(at(run, 'metadata', 'uid')) };
  const record = await recordOf(
    arena,
    { policy: 'stray', run: identity },
    'is Ready',
    (seen) => conditionOf(seen)?.status === 'True',
  );
  assert.doesNotMatch(JSON.stringify(record), /evil/);
  return 'signed with its own child';
}
