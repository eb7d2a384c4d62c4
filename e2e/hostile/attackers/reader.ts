// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { leaks, secretsOf, shownTexts } from '../../harness/planted-secrets.ts';
import { waitUntil } from '../../testbed/processes/wait-until.ts';
import type { Arena, Attack } from '../arena.ts';
import { finishedRun, imageOf, notReady, policySpec, put, recordOf } from './hallmark-objects.ts';

/** Secrets with what would be another header, line, field or expression where they are put without care. */
const planted = {
  password: 'planted-password\r\nX-Injected: 1',
  json: '{"auths":{"planted-in-json": ',
  pem: '-----BEGIN PRIVATE KEY-----\nplanted-in-a-broken-key\n-----END PRIVATE KEY-----',
  encrypted: '-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nplanted-in-an-encrypted-key\n',
  url: 'mongodb://team:planted-in-a-url@[::bad::/?x=planted-option',
  token: 'planted-token\nHost: 169.254.169.254',
  aws: 'planted/aws/secret\u0000key',
  google: '{"type":"service_account","private_key":"planted-google-key","client_email":',
} as const;

/** The parts of them that must be seen nowhere. */
const hidden = Object.values(planted).flatMap((text) => text.match(/planted[-/\w]+/g) ?? []);

/** Policies and backends of one namespace that metrics name (docs/decisions/0037). */
const MOST_NAMES = 200;

async function secret(
  arena: Arena,
  name: string,
  stringData: Readonly<Record<string, string>>,
  type = 'Opaque',
): Promise<void> {
  const metadata = { name, namespace: arena.bed.team.name };
  await arena.bed.installation.apply({ apiVersion: 'v1', kind: 'Secret', metadata, type, stringData });
}

/** A policy whose key is a broken Secret. */
function brokenKey(name: string, data: Readonly<Record<string, string>>, what: string): Attack {
  return {
    title: `${what} is refused without a word of it`,
    gain: 'a part of the key',
    attempt: async (arena) => {
      await secret(arena, name, data);
      const signer = { type: 'Key', key: { secretRef: { name } } };
      await put(arena, 'SigningPolicy', { name, spec: policySpec(name, { signer }) });
      const why = await notReady(arena, 'SigningPolicy', { name }, /Key/);
      assert.doesNotMatch(why, /planted/);
      return why.split(':')[0] ?? '';
    },
  };
}

/** A backend whose credentials are a broken Secret. */
function brokenCredentials(name: string, data: Readonly<Record<string, string>>, what: string, spec: object): Attack {
  return {
    title: `${what} inject nothing, and are refused without a word of them`,
    gain: 'a header of its own, or the secret',
    attempt: async (arena) => {
      await secret(arena, name, data);
      await put(arena, 'StorageBackend', { name, spec });
      const why = await notReady(arena, 'StorageBackend', { name });
      assert.doesNotMatch(why, /planted/);
      const injected = arena.registry.requests.filter(({ headers }) => headers['x-injected'] !== undefined);
      assert.deepEqual(injected, []);
      return why.split(':')[0] ?? '';
    },
  };
}

function by(name: string): object {
  return { authentication: { type: 'Secret', secretRef: { name } } };
}

export const readerAttacks: readonly Attack[] = [
  brokenKey('broken-pem', { 'x509.pem': planted.pem }, 'a broken key'),
  brokenKey(
    'broken-cosign',
    { 'cosign.key': planted.encrypted, 'cosign.password': planted.password },
    'a broken encrypted key',
  ),
  brokenCredentials('lines-in-token', { token: planted.token }, 'lines in the token of a store', {
    type: 'Archivista',
    artifacts: ['Attestation'],
    archivista: { url: 'https://archivista.hostile.test', ...by('lines-in-token') },
  }),
  brokenCredentials(
    'lines-in-keys',
    { aws_access_key_id: 'AKIA\r\nX-Injected: 1', aws_secret_access_key: planted.aws },
    'lines in the keys of a bucket',
    {
      type: 'S3',
      s3: { bucket: 'evidence', region: 'eu-central-1', endpoint: 'https://s3.hostile.test', ...by('lines-in-keys') },
    },
  ),
  brokenCredentials(
    'broken-google',
    { 'key.json': planted.google, access_token: planted.token },
    'half a key file of Google',
    {
      type: 'GCS',
      gcs: { bucket: 'evidence', ...by('broken-google') },
    },
  ),
  brokenCredentials('broken-url', { url: planted.url }, 'a broken connection string of a database', {
    type: 'MongoDB',
    mongodb: { connectionSecretRef: { name: 'broken-url', key: 'url' }, database: 'e', collection: 'e' },
  }),
  {
    title: 'lines in the password of a registry are sent as no header, and shown nowhere',
    gain: 'a header of its own, or the password',
    attempt: async (arena) => {
      const { registry } = arena;
      const host = registry.host;
      const auths = { [host]: { username: 'me', password: planted.password } };
      await secret(
        arena,
        'lines',
        { '.dockerconfigjson': JSON.stringify({ auths }) },
        'kubernetes.io/dockerconfigjson',
      );
      const oci = { encoding: 'CosignTags', repository: `${host}/behaviour-none/x`, ...by('lines') };
      await put(arena, 'StorageBackend', { name: 'lines', spec: { type: 'OCI', oci } });
      const spec = policySpec('lines', { backendRefs: [{ kind: 'StorageBackend', name: 'lines' }] });
      await put(arena, 'SigningPolicy', { name: 'lines', spec });
      const run = await finishedRun(arena, 'lines', {
        labels: { attack: 'lines' },
        results: imageOf('registry.example.com/app'),
      });
      await recordOf(
        arena,
        { policy: 'lines', run: run },
        'is decided',
        ({ status }) => status?.reason !== undefined && status.reason !== 'Progressing',
      );
      assert.deepEqual(
        registry.requests.filter(({ headers }) => headers['x-injected'] !== undefined),
        [],
      );
      return 'hidden';
    },
  },
  {
    title: 'metrics name no run, image or label, and only so many policies and backends',
    gain: 'what other teams build, and a series for each of its own words',
    attempt: async (arena) => {
      const run = await finishedRun(arena, 'metric-label', {
        labels: { 'metric-label': 'metric-label' },
        results: imageOf('registry.example.com/metric-label'),
      });
      await arena.bed.recordWhen('is there', run, ({ status }) => status?.reason !== undefined);
      const metrics = await arena.bed.operator.metrics();
      for (const word of ['metric-label', 'registry.example.com'])
        assert.ok(!metrics.includes(word), `the metrics name ${word}`);
      const series = metrics.split('\n').filter((line) => line.startsWith('hallmark_condition{'));
      const names = new Set(
        series.map((line) => /kind="[^"]*",namespace="[^"]*",name="[^"]*"/.exec(line)?.[0] ?? line),
      );
      const perNamespace = Object.groupBy(names, (name) => /namespace="[^"]*"/.exec(name)?.[0] ?? '');
      for (const [namespace, own = []] of Object.entries(perNamespace))
        assert.ok(own.length <= MOST_NAMES, `${own.length} names of ${namespace}`);
      return `${names.size} names of policies and backends`;
    },
  },
  {
    title: 'a flood of failures in one namespace displaces no Event of another, and tells nothing of it',
    gain: "silence about another team's failure, or news of it",
    attempt: async (arena) => {
      const { bed, honest } = arena;
      const name = 'no-key';
      const signer = { type: 'Key', key: { secretRef: { name } } };
      await put(arena, 'SigningPolicy', { name, spec: policySpec(name, { signer }) });
      await put(arena, 'SigningPolicy', {
        ...{ name, namespace: honest.namespace },
        spec: policySpec(name, { signer }),
      });
      for (let index = 0; index < 30; index += 1)
        await finishedRun(arena, `flood-${index}`, { labels: { attack: name } });
      await honest.finishRun('unsigned', { attack: name });
      const failures = async (namespace: string): Promise<readonly string[]> =>
        (await bed.installation.events(namespace))
          .filter(({ reason }) => reason === 'KeyNotFound')
          .map(({ message }) => message);
      await waitUntil('the other team has its Event', async () => (await failures(honest.namespace)).length > 0);
      const own = await waitUntil('the team has Events', async () => {
        const found = await failures(bed.team.name);
        return found.length > 0 ? found : undefined;
      });
      assert.deepEqual(
        own.filter((text) => text.includes(honest.namespace)),
        [],
      );
      return 'the Event is there';
    },
  },
];

/** Tried last: what the operator shows after all the others. */
export const lastLook: readonly Attack[] = [
  {
    title: 'no secret is shown in logs, metrics, Events, records, policies or runs',
    gain: 'a key, password or token',
    attempt: async ({ bed }) => {
      const texts = await shownTexts(bed.installation, bed.operator);
      assert.ok(texts['logs']?.includes('"message":"') && /^hallmark_/m.test(texts['metrics'] ?? ''));
      assert.deepEqual(leaks(texts, [...hidden, ...secretsOf(bed.team)]), []);
      return `${hidden.length} secrets hidden`;
    },
  },
  {
    title: 'each line of the log is one object, and no character of it controls a terminal',
    gain: 'a log that says what never was',
    attempt: async ({ bed }) => {
      await Promise.resolve();
      const lines = bed.operator
        .log()
        .split('\n')
        .filter((line) => line.startsWith('{'));
      for (const line of lines) {
        const parsed: unknown = JSON.parse(line);
        assert.ok(typeof parsed === 'object' && parsed !== null && 'level' in parsed && 'message' in parsed, line);
        assert.doesNotMatch(line, /\p{Cc}/u);
      }
      return `${lines.length} lines`;
    },
  },
];
