// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import type { Command } from 'commander';
import { stringify } from 'yaml';
import { trustCommand } from '../trust/trust.ts';
import { exitCodeOf } from '../usage-exit.ts';
import { withCopiedSecrets } from './copied-secrets.ts';
import { migrateCommand } from './migrate.ts';
import { planMigration } from './plan-migration.ts';
import { ChainsConfig } from './chains-config.ts';

const checkout = join(import.meta.dirname, '..', '..', '..');
const sample = join(checkout, 'testdata', 'chains', 'chains-config.yaml');

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const folder = mkdtempSync(join(tmpdir(), 'hallmark-migrate-'));
after(() => {
  rmSync(folder, { recursive: true });
});
afterEach(() => {
  process.exitCode = 0;
});

async function migrate(input: unknown, ...args: readonly string[]): Promise<Ended> {
  const file = join(folder, 'chains.yaml');
  writeFileSync(file, typeof input === 'string' ? input : stringify(input));
  let [out, err] = ['', ''];
  const command = migrateCommand().configureOutput({
    writeOut: (text) => (out += text),
    writeErr: (text) => (err += text),
  });
  try {
    await command.parseAsync(['-f', file, ...args], { from: 'user' });
    return { code: Number(process.exitCode ?? 0), out, err };
  } catch (error) {
    return { code: exitCodeOf(error), out, err: `${err}${String(error)}` };
  }
}

function configMap(data: object, name = 'chains-config'): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'tekton-chains' }, data };
}

describe('hallmark migrate', () => {
  it('prints the sample for the sample of a ConfigMap', async () => {
    const { code, out, err } = await migrate(readFileSync(sample, 'utf8'));
    const printed = readFileSync(join(checkout, 'samples', 'chains', '10-migrated.yaml'), 'utf8');
    assert.equal(`# Printed by: hallmark migrate -f testdata/chains/chains-config.yaml\n${out}`, printed);
    assert.equal(code, 0);
    assert.match(err, /^builder\.id: attestation\.builderID$/m);
    assert.match(err, /^signers\.kms\.auth\.token-path: unused: /m);
    assert.match(err, /^to do: create Secret hallmark-system\/signing-secrets with x509\.pem/m);
  });

  let wanted = '';
  before(async () => {
    wanted = (await migrate(configMap({ 'builder.id': 'https://me' }))).out;
  });
  const forms: readonly (readonly [string, object])[] = [
    [
      'a List of kubectl',
      { apiVersion: 'v1', kind: 'List', items: [configMap({}, 'other'), configMap({ 'builder.id': 'https://me' })] },
    ],
    [
      'a TektonConfig',
      {
        apiVersion: 'operator.tekton.dev/v1alpha1',
        kind: 'TektonConfig',
        spec: { chain: { disabled: false, 'builder.id': 'https://me' } },
      },
    ],
    [
      'a TektonChain',
      {
        apiVersion: 'operator.tekton.dev/v1alpha1',
        kind: 'TektonChain',
        spec: { targetNamespace: 'x', 'builder.id': 'https://me' },
      },
    ],
  ];
  for (const [form, input] of forms) {
    it(`reads ${form}`, async () => {
      assert.match(wanted, /builderID: https:\/\/me/);
      assert.deepEqual((await migrate(input)).out, wanted);
    });
  }

  it('says what becomes of each setting of the Tekton operator, without its value', async () => {
    const chain = {
      'builder.id': 'https://me',
      disabled: false,
      generateSigningSecret: true,
      performance: { replicas: 2 },
      controllerEnvs: [
        { name: 'MONGO_SERVER_URL', value: 'mongodb://me:hush@db' },
        { name: 'HTTPS_PROXY', value: 'http://me:hush@proxy' },
      ],
      novelty: { hush: 1 },
    };
    const input = { apiVersion: 'operator.tekton.dev/v1alpha1', kind: 'TektonConfig', spec: { chain } };
    const { code, out, err } = await migrate(input);
    assert.equal(code, 1);
    assert.equal(out, wanted);
    for (const line of [
      /^disabled: no counterpart: /m,
      /^generateSigningSecret: by hand: .*--copy-secrets/m,
      /^performance: by hand: .*config\.concurrency/m,
      /^controllerEnvs MONGO_SERVER_URL: by hand: .*connectionSecretRef/m,
      /^controllerEnvs HTTPS_PROXY: by hand: .*env of the chart/m,
      /^problem: novelty: this version knows no such setting of the Tekton operator/m,
    ])
      assert.match(err, line);
    assert.doesNotMatch(err + (await migrate(input, '-o', 'json')).out, /hush/);
  });

  it('makes manifests of a namespace, in the mode that is asked for', async () => {
    const { code, out } = await migrate(configMap({}), '-n', 'team-a', '--mode', 'Enforce');
    assert.equal(code, 0);
    assert.match(out, /kind: SigningPolicy\nmetadata:\n {2}name: chains\n {2}namespace: team-a/);
    assert.match(out, /mode: Enforce/);
  });

  it('prints the values of the chart alone', async () => {
    const on = configMap({ 'transparency.enabled': 'true' });
    const { out } = await migrate(on, '-o', 'values');
    assert.equal(out, 'config:\n  transparency:\n    logs:\n      - https://rekor.sigstore.dev\n');
    assert.equal((await migrate(configMap({}), '-o', 'values')).out, '');
  });

  it('prints what it could do, and exits with 1 when that is not all', async () => {
    const { code, out, err } = await migrate(configMap({ 'artifacts.taskrun.format': 'tekton', 'a.b': 'c' }));
    assert.equal(code, 1);
    assert.match(out, /kind: ClusterSigningPolicy/);
    assert.match(err, /^problem: artifacts\.taskrun\.format: Chains refuses "tekton"/m);
    assert.match(err, /^problem: a\.b: Chains knows no such key/m);
  });

  it('shows a secret value nowhere unless it is asked to', async () => {
    const data = {
      'artifacts.taskrun.storage': 'docdb',
      'storage.docdb.url': 'mongo://evidence/records?id_field=name',
      'storage.docdb.mongo-server-url': 'mongodb://me:hush@db',
    };
    for (const output of ['yaml', 'json']) {
      const { out, err } = await migrate(configMap(data), '-o', output);
      assert.doesNotMatch(out + err, /hush/);
    }
  });

  for (const [input, problem] of [
    ['a: [', /error: .*chains\.yaml:1: /],
    ['kind: Secret\n', /error: .* holds no ConfigMap chains-config/],
    [`${stringify(configMap({}))}---\n${stringify(configMap({}))}`, /more than one configuration of Chains/],
  ] as const) {
    it(`ends with 2 for a file that ${problem.source}`, async () => {
      const { code, err } = await migrate(input);
      assert.equal(code, 2);
      assert.match(err, problem);
    });
  }

  it('ends with 3 when it cannot read the Secrets that it is to copy', async () => {
    const before = process.env['KUBECONFIG'];
    process.env['KUBECONFIG'] = join(folder, 'nowhere');
    const { code, err } = await migrate(configMap({}), '--copy-secrets');
    if (before === undefined) Reflect.deleteProperty(process.env, 'KUBECONFIG');
    else process.env['KUBECONFIG'] = before;
    assert.equal(code, 3);
    assert.match(err, /no cluster can be reached/);
  });
});

describe('withCopiedSecrets', () => {
  it('adds the keys of Chains and the contents of the ConfigMap, and names the rest', async () => {
    const config = new ChainsConfig({
      'artifacts.taskrun.storage': 'docdb',
      'storage.docdb.url': 'mongo://evidence/records',
      'storage.docdb.mongo-server-url': 'mongodb://db',
      'artifacts.pipelinerun.storage': 'gcs',
      'storage.gcs.bucket': 'evidence',
    });
    const migration = planMigration(config, {
      namespace: 'team-a',
      operatorNamespace: 'hallmark-system',
      mode: 'Audit',
    });
    const copied = await withCopiedSecrets(migration, 'team-a', () =>
      Promise.resolve({ 'x509.pem': Buffer.from('PEM') }),
    );
    assert.deepEqual(
      copied.secrets.map(({ name, isCopied }) => [name, isCopied]),
      [
        ['chains-mongodb', true],
        ['chains-google-credentials', undefined],
        ['signing-secrets', true],
      ],
    );
    assert.deepEqual(copied.manifests.slice(0, 2), [
      {
        ...{ apiVersion: 'v1', kind: 'Secret', type: 'Opaque' },
        metadata: { name: 'chains-mongodb', namespace: 'team-a' },
        data: { MONGO_SERVER_URL: Buffer.from('mongodb://db').toString('base64') },
      },
      {
        ...{ apiVersion: 'v1', kind: 'Secret', type: 'Opaque' },
        metadata: { name: 'signing-secrets', namespace: 'team-a' },
        data: { 'x509.pem': Buffer.from('PEM').toString('base64') },
      },
    ]);
  });
});

describe('the options of hallmark migrate', () => {
  it('name their file as the other commands do', () => {
    const flags = (command: Command): string | undefined =>
      command.options.find(({ short }) => short === '-f')?.long ?? undefined;
    assert.equal(flags(migrateCommand()), '--filename');
    assert.equal(flags(migrateCommand()), flags(trustCommand()));
  });
});
