// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseManifest } from '../../api/v1alpha1/parsing/parse-manifest.ts';
import { field, listField, objectField, stringField } from '../../json/fields.ts';
import { SeededRandom } from '../../runtime/seeded-random.fixture.ts';
import { ChainsConfig } from './chains-config.ts';
import { type ChainsKey, chainsKeys } from './chains-keys.ts';
import type { MigrationScope } from './migration.ts';
import { type Migration, planMigration } from './plan-migration.ts';

/** Every key of the package config of Chains 0.22. */
const keysOfChains = `
artifacts.taskrun.format artifacts.taskrun.storage artifacts.taskrun.signer
artifacts.pipelinerun.format artifacts.pipelinerun.storage artifacts.pipelinerun.signer
artifacts.pipelinerun.enable-deep-inspection
artifacts.oci.format artifacts.oci.storage artifacts.oci.signer
storage.gcs.bucket storage.oci.repository storage.oci.repository.insecure storage.oci.encoding-format
storage.docdb.url storage.docdb.mongo-server-url storage.docdb.mongo-server-url-dir storage.docdb.mongo-server-url-path
storage.grafeas.projectid storage.grafeas.noteid storage.grafeas.notehint storage.archivista.url
storage.pubsub.provider storage.pubsub.topic storage.pubsub.kafka.bootstrap.servers
signers.kms.kmsref signers.kms.auth.address signers.kms.auth.token signers.kms.auth.token-path
signers.kms.auth.oidc.path signers.kms.auth.oidc.role signers.kms.auth.oidc.token-path
signers.kms.auth.spire.sock signers.kms.auth.spire.audience
signers.x509.fulcio.enabled signers.x509.fulcio.address signers.x509.fulcio.issuer signers.x509.fulcio.provider
signers.x509.identity.token.file signers.x509.tuf.mirror.url
builder.id builddefinition.buildtype filter.managed-by transparency.enabled transparency.url`;

const cluster: MigrationScope = { namespace: undefined, operatorNamespace: 'hallmark-system', mode: 'Audit' };
const team: MigrationScope = { ...cluster, namespace: 'team-a' };

function migrated(data: Readonly<Record<string, string>>, scope: MigrationScope = cluster): Migration {
  return planMigration(new ChainsConfig(data), scope);
}

function specs(migration: Migration): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    migration.manifests.map((manifest) => [
      stringField(objectField(manifest, 'metadata'), 'name') ?? '',
      field(manifest, 'spec'),
    ]),
  );
}

function problems(migration: Migration): readonly string[] {
  return migration.problems.map(({ key, message }) => `${key}: ${message}`);
}

describe('planMigration', () => {
  it('knows every key of Chains, and no other', () => {
    assert.deepEqual(Object.keys(chainsKeys).toSorted(), keysOfChains.trim().split(/\s+/).toSorted());
  });

  it('has a line for each key that is set, and none for those that are not', () => {
    const data = Object.fromEntries(Object.entries(chainsKeys).map(([key, { fallback }]) => [key, fallback]));
    assert.deepEqual(
      migrated(data).keys.map(({ key }) => key),
      Object.keys(chainsKeys),
    );
    assert.deepEqual(migrated({}).keys, []);
  });

  it('turns an empty ConfigMap into what Chains does by default', () => {
    const migration = migrated({});
    assert.deepEqual(problems(migration), []);
    const { chains, ...backends } = specs(migration);
    assert.deepEqual(backends, {
      'chains-oci': {
        type: 'OCI',
        oci: { encoding: 'CosignTags', authentication: { type: 'RunServiceAccount' } },
        artifacts: ['ImageSignature'],
      },
      'chains-tekton': { type: 'Tekton', artifacts: ['Attestation'] },
    });
    assert.deepEqual(objectField(chains, 'runs'), {
      kinds: ['TaskRun', 'PipelineRun'],
      outcomes: ['Succeeded', 'Failed', 'Cancelled'],
    });
    assert.equal(field(objectField(chains, 'attestation'), 'format'), 'in-toto');
    assert.deepEqual([field(chains, 'mode'), field(objectField(chains, 'signer'), 'type')], ['Audit', 'Key']);
    assert.deepEqual(
      migration.secrets.map(({ name }) => name),
      ['signing-secrets'],
    );
  });

  it('makes one policy for each format and signer', () => {
    const migration = migrated(
      {
        'artifacts.taskrun.format': 'slsa/v2alpha3',
        'artifacts.pipelinerun.format': 'slsa/v2alpha4',
        'artifacts.pipelinerun.storage': 'oci',
        'artifacts.oci.signer': 'kms',
        'signers.kms.kmsref': 'gcpkms://projects/p/locations/l/keyRings/r/cryptoKeys/k',
      },
      team,
    );
    assert.deepEqual(problems(migration), []);
    const all = specs(migration);
    const refs = (name: string): readonly unknown[] =>
      listField(all[name], 'backendRefs').map((ref) => field(ref, 'name'));
    assert.deepEqual(refs('chains-taskruns'), ['chains-tekton']);
    assert.deepEqual(refs('chains-pipelineruns'), ['chains-oci']);
    assert.deepEqual(refs('chains-images'), ['chains-oci']);
    assert.deepEqual(objectField(all['chains-images'], 'attestation'), { format: 'None' });
    // Two policies select TaskRuns, and one annotates them.
    const annotates = (name: string): unknown => field(objectField(all[name], 'compatibility'), 'chainsAnnotations');
    assert.deepEqual([annotates('chains-taskruns'), annotates('chains-images')], [true, false]);
  });

  it('makes nothing of artifacts that Chains does not make', () => {
    const migration = migrated({ 'artifacts.taskrun.signer': 'none', 'artifacts.oci.storage': '' });
    assert.deepEqual(Object.keys(specs(migration)), ['chains-tekton', 'chains-pipelineruns']);
    const off = migrated({
      'artifacts.taskrun.signer': 'none',
      'artifacts.pipelinerun.signer': 'none',
      'artifacts.oci.signer': 'none',
    });
    assert.deepEqual(off.manifests, []);
    assert.match(problems(off).join(), /nothing to migrate/);
  });

  it('states images in bundles, and signs cosign documents for other places', () => {
    const formats = (storage: string): unknown =>
      field(
        objectField(
          specs(migrated({ 'storage.oci.encoding-format': 'sigstore-bundle', 'artifacts.oci.storage': storage }))[
            'chains'
          ],
          'imageSignatures',
        ),
        'formats',
      );
    assert.deepEqual(formats('oci'), ['SigstoreStatement']);
    assert.deepEqual(formats('oci,tekton'), ['SimpleSigning', 'SigstoreStatement']);
    assert.deepEqual(formats('tekton'), ['SimpleSigning']);
  });

  it('signs with certificates as the ServiceAccount that it makes, and lists the values of the chart', () => {
    const migration = migrated({ 'signers.x509.fulcio.enabled': 'true', 'transparency.enabled': 'true' });
    assert.deepEqual(problems(migration), []);
    assert.deepEqual(migration.manifests[0], {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'chains-signer', namespace: 'hallmark-system' },
    });
    assert.deepEqual(migration.values, {
      config: {
        tokens: { destinations: [{ audience: 'sigstore', hosts: ['fulcio.sigstore.dev'] }] },
        transparency: { logs: ['https://rekor.sigstore.dev'] },
      },
      tokens: { serviceAccounts: { 'hallmark-system': ['chains-signer'] } },
    });
    const unwitnessed = migrated({ 'signers.x509.fulcio.enabled': 'true' });
    assert.match(problems(unwitnessed).join(), /signer x509: a certificate of Fulcio needs a witness/);
  });

  it('names the Secret for a token, and keeps the token out of manifests and lines', () => {
    const token = 'hvs.very-secret';
    const migration = migrated(
      {
        'artifacts.taskrun.signer': 'kms',
        'signers.kms.kmsref': 'hashivault://builds',
        'signers.kms.auth.address': 'http://vault.vault.svc:8200',
        'signers.kms.auth.token': token,
      },
      team,
    );
    assert.deepEqual(problems(migration), []);
    const { secrets, ...shown } = migration;
    assert.ok(!JSON.stringify(shown).includes(token));
    assert.deepEqual(
      secrets.find(({ name }) => name === 'chains-kms'),
      {
        ...{ name: 'chains-kms', entry: 'token', source: 'signers.kms.auth.token', value: token },
      },
    );
    assert.deepEqual(migration.values, { config: { outbound: { allow: ['vault.vault.svc:8200'] } } });
  });

  const databases: readonly (readonly [string, string])[] = [
    ['mongo://evidence/records?id_field=name', 'MongoDB'],
    ['firestore://projects/project-1/databases/(default)/documents/records?name_field=name', 'Firestore'],
    ['dynamodb://records?partition_key=Name', 'DynamoDB'],
  ];
  for (const [url, type] of databases) {
    for (const scope of [cluster, team]) {
      it(`stores in ${type} where Chains stores in ${url}, ${scope === team ? 'for a team' : 'for the cluster'}`, () => {
        const data = { 'artifacts.taskrun.storage': 'docdb', 'storage.docdb.url': url };
        const migration = migrated(data, { ...scope, awsRegion: 'eu-central-1' });
        assert.deepEqual(problems(migration), []);
        assert.equal(field(specs(migration)['chains-docdb'], 'type'), type);
      });
    }
  }

  const faults: readonly (readonly [Readonly<Record<string, string>>, RegExp])[] = [
    [
      { 'artifacts.taskrun.format': 'tekton' },
      /artifacts\.taskrun\.format: Chains refuses "tekton": set in-toto, slsa\/v1/,
    ],
    [{ 'artifacts.taskrun.storage': 'tekton,' }, /Chains refuses "": set a list of/],
    [{ 'transparency.enabled': 'True' }, /Chains takes "True" for off: set true, false or manual/],
    [{ 'storage.oci.repository.insecure': 'yes' }, /"yes" is neither true nor false/],
    [{ 'artifacts.taskrun.signers': 'x509' }, /Chains knows no such key/],
    [{ 'Builder-ID': 'x' }, /you may mean builder\.id/],
    [{ 'artifacts.taskrun.storage': 'gcs' }, /storage gcs: left out: spec\.gcs\.bucket/],
    [{ 'artifacts.taskrun.storage': 'docdb', 'storage.docdb.url': 'mem://x' }, /has no counterpart/],
    [{ 'artifacts.taskrun.storage': 'docdb', 'storage.docdb.url': 'dynamodb://t' }, /--aws-region/],
    [{ 'artifacts.taskrun.storage': 'kafka' }, /set storage\.pubsub\.provider to kafka/],
    [{ 'artifacts.oci.storage': 'archivista' }, /Archivista holds no signatures of images/],
    [{ 'artifacts.taskrun.signer': 'kms', 'signers.kms.kmsref': 'plugin://x' }, /plugins have no counterpart/],
  ];
  for (const [data, problem] of faults) {
    it(`reports ${JSON.stringify(data)} with its remedy`, () => {
      assert.match(problems(migrated(data)).join('\n'), problem);
    });
  }

  it('prints no password that stands in a wrong place', () => {
    const data = { 'artifacts.taskrun.storage': 'docdb', 'storage.docdb.url': 'mongodb://bob:hunter2@db/x' };
    assert.ok(!JSON.stringify(migrated(data)).includes('hunter2'));
    assert.match(problems(migrated(data)).join(), /connection string in storage\.docdb\.mongo-server-url/);
  });

  const keyOnServer = { 'artifacts.taskrun.signer': 'kms', 'signers.kms.kmsref': 'hashivault://builds' };
  const role = { 'signers.kms.auth.oidc.path': 'jwt', 'signers.kms.auth.oidc.role': 'signer' };

  it('calls what Chains does not use unused, and logs in as Chains does', () => {
    const outcomes = (data: Readonly<Record<string, string>>) =>
      migrated(data)
        .keys.filter(({ key }) => key.startsWith('signers.kms.auth'))
        .map(({ outcome }) => outcome);
    const login = (data: Readonly<Record<string, string>>) =>
      Object.keys(objectField(objectField(specs(migrated(data))['chains-taskruns'], 'signer'), 'kms')).toSorted();
    const cloud = { 'artifacts.taskrun.signer': 'kms', 'signers.kms.kmsref': 'awskms:///alias/builds' };
    assert.deepEqual(outcomes({ ...cloud, ...role, 'signers.kms.auth.address': 'https://vault.example' }), [
      ...['Unused', 'Unused', 'Unused'],
    ]);
    assert.deepEqual(outcomes({ ...keyOnServer, ...role }), ['Moved', 'Moved']);
    assert.deepEqual(login({ ...keyOnServer, ...role }), ['serviceAccountName', 'uri', 'vault']);
    // A token wins over a role, and a role is nothing without a path.
    const both = { ...keyOnServer, ...role, 'signers.kms.auth.token': 'hvs.x' };
    assert.deepEqual(outcomes(both), ['Unused', 'Unused', 'ByHand']);
    assert.deepEqual(login(both), ['secretRef', 'uri']);
    assert.deepEqual(login({ ...keyOnServer, 'signers.kms.auth.oidc.role': 'signer' }), ['secretRef', 'uri']);
  });

  it('trusts the public root only for public servers, and names what is in the cluster', () => {
    const rootOf = (data: Readonly<Record<string, string>>): unknown =>
      field(objectField(specs(migrated({ 'transparency.enabled': 'true', ...data }))['chains'], 'trustedRoot'), 'type');
    assert.equal(rootOf({ 'transparency.url': 'https://rekor.sigstore.dev/' }), 'TUF');
    assert.equal(rootOf({ 'transparency.url': 'https://rekor.example' }), 'ConfigMap');
    const fulcio = { 'signers.x509.fulcio.address': 'https://fulcio.example' };
    assert.equal(rootOf(fulcio), 'TUF');
    assert.equal(rootOf({ ...fulcio, 'signers.x509.fulcio.enabled': 'true' }), 'ConfigMap');
    const { values } = migrated({
      'transparency.enabled': 'true',
      'signers.x509.tuf.mirror.url': 'http://tuf.sigstore.svc',
      'artifacts.taskrun.storage': 'docdb',
      'storage.docdb.url': 'mongo://evidence/records?id_field=name',
      'storage.docdb.mongo-server-url': 'mongodb://bob:p%40ss@one.db.svc:27017,two.db.svc:27017/admin',
      'storage.oci.repository': 'registry.registry.svc:5000/evidence',
    });
    assert.deepEqual(listField(objectField(objectField(values, 'config'), 'outbound'), 'allow').toSorted(), [
      'one.db.svc:27017',
      'registry.registry.svc:5000',
      'tuf.sigstore.svc',
      'two.db.svc:27017',
    ]);
  });

  it('says that a log on request has no counterpart', () => {
    const data = { 'transparency.enabled': 'manual', 'transparency.url': 'https://rekor.example' };
    assert.deepEqual(
      migrated(data).keys.map(({ outcome }) => outcome),
      ['ByHand', 'ByHand'],
    );
  });

  it('makes no policy without its backends, because it would store in every other one', () => {
    const migration = migrated({ 'artifacts.taskrun.storage': 'gcs', 'artifacts.oci.storage': '' });
    assert.ok(!('chains-taskruns' in specs(migration)));
    assert.match(problems(migration).join('\n'), /policy chains-taskruns: left out/);
  });

  it('makes manifests that the API server accepts, whatever the configuration', () => {
    const random = new SeededRandom(7);
    for (let round = 0; round < 400; round += 1) {
      const data = randomConfig(random);
      for (const scope of [cluster, team]) {
        const ours = migrated(data, scope).manifests.filter((one) => field(one, 'kind') !== 'ServiceAccount');
        const refused = ours.filter((manifest) => !parseManifest(manifest).ok);
        assert.deepEqual(refused, [], JSON.stringify(data));
      }
    }
  });
});

const free = [
  '',
  'x',
  'https://server.example',
  'http://server.svc',
  'hashivault://k',
  'awskms:///k',
  'mongo://d/c',
  'true',
];

function randomConfig(random: SeededRandom): Readonly<Record<string, string>> {
  const pick = (of: readonly string[]): string => random.pick(of);
  const valueOf = ({ values, form }: ChainsKey): string => {
    if (form === 'Boolean') return pick(['true', 'false', 'maybe']);
    if (values === undefined) return pick(free);
    return form === 'Set' ? [pick(values), pick(values)].join(', ') : pick([...values, 'wrong']);
  };
  const keys: readonly (readonly [string, ChainsKey])[] = Object.entries(chainsKeys);
  return Object.fromEntries(keys.filter(() => random.chance(0.5)).map(([name, key]) => [name, valueOf(key)]));
}
