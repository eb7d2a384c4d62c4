// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ajvFindings, ownFindings, variantsOf } from '../api/v1alpha1/parsing/schema-check/findings.fixture.ts';
import { operatorConfigurationSchema } from './operator-configuration-schema.ts';
import { ConfigurationError, loadOperatorConfiguration, parseOperatorConfiguration } from './operator-configuration.ts';

const head = 'apiVersion: config.hallmark.dev/v1alpha1\nkind: OperatorConfiguration\n';
const inPod = { POD_NAMESPACE: 'hallmark-system' };

describe('the operator configuration', () => {
  it('is checked as ajv checks it, with any part exchanged', async () => {
    const [own, ajv] = [ownFindings(operatorConfigurationSchema), ajvFindings(operatorConfigurationSchema)];
    const configuration = await loadOperatorConfiguration(undefined, inPod);
    const file = { ...configuration, watchNamespaces: ['a', 'b'], transparency: { logs: ['https://rekor.example'] } };
    for (const variant of variantsOf(file)) assert.deepEqual(own(variant), ajv(variant));
  });

  it('has a default for every field', async () => {
    const expected = {
      apiVersion: 'config.hallmark.dev/v1alpha1',
      kind: 'OperatorConfiguration',
      operatorNamespace: 'hallmark-system',
      watchNamespaces: [],
      leaderElection: {
        enabled: true,
        leaseName: 'hallmark',
        leaseDurationSeconds: 15,
        renewDeadlineSeconds: 10,
        retryPeriodSeconds: 2,
      },
      concurrency: { runs: 8, records: 16 },
      http: { host: '0.0.0.0', port: 8080, metricsPort: 9090 },
      tracing: { endpoint: '', samplingRatio: 1 },
      log: { level: 'info' },
      outbound: {
        allow: [],
        deny: [],
        proxy: { url: '', noProxy: ['*.svc', '*.cluster.local'], nameResolution: 'Operator', caFile: '' },
      },
      tokens: { destinations: [] },
      keyless: { audience: 'sigstore' },
      transparency: { logs: [] },
      records: { retention: { default: { type: 'Seconds', seconds: 604_800 }, maxSeconds: 0 } },
      verification: { intervalSeconds: 86_400 },
      shutdownGraceSeconds: 20,
      children: { deadlineSeconds: 60 },
      retry: { minSeconds: 1, maxSeconds: 300 },
    };
    assert.deepEqual(await loadOperatorConfiguration(undefined, inPod), expected);
    assert.deepEqual(parseOperatorConfiguration(head, 'config.yaml', inPod), expected);
  });

  it('takes what the file says, and the defaults of a section for what is left out in it', () => {
    const text = `${head}operatorNamespace: mine\nwatchNamespaces: [a, b]\nleaderElection: {leaseDurationSeconds: 30}\n`;
    const configuration = parseOperatorConfiguration(text, 'config.yaml', inPod);
    assert.equal(configuration.operatorNamespace, 'mine');
    assert.deepEqual(configuration.watchNamespaces, ['a', 'b']);
    assert.deepEqual(configuration.leaderElection, {
      enabled: true,
      leaseName: 'hallmark',
      leaseDurationSeconds: 30,
      renewDeadlineSeconds: 10,
      retryPeriodSeconds: 2,
    });
  });

  const refusals: readonly (readonly [string, string, RegExp])[] = [
    ['an empty file', '', /^c\.yaml: must be of type object$/],
    [
      'another kind of file',
      'apiVersion: v1\nkind: ConfigMap\n',
      /apiVersion: must be config.*; kind: must be Operator/,
    ],
    ['a field that does not exist', `${head}foo: 1`, /^c\.yaml: foo: no such field; remove it or correct its name$/],
    [
      'a field of an entry that does not exist',
      `${head}tokens: {destinations: [{audience: a, hosts: [x], host: y}]}`,
      /^c\.yaml: tokens\.destinations\[0\]\.host: no such field/,
    ],
    ['a misspelt field of a section', `${head}http: {prot: 80}`, /^c\.yaml: http\.prot: no such field/],
    ['a wrong type', `${head}concurrency: {runs: many}`, /^c\.yaml: concurrency\.runs: must be of type integer$/],
    ['a number out of range', `${head}concurrency: {runs: 0}`, /^c\.yaml: concurrency\.runs: must be >= 1$/],
    ['an unknown word', `${head}log: {level: loud}`, /^c\.yaml: log\.level: must be error or warn or info or debug$/],
    ['a section without fields', `${head}log:`, /^c\.yaml: log: must be of type object$/],
    ['a name that is none', `${head}watchNamespaces: ["a/b"]`, /^c\.yaml: watchNamespaces\[0\]: must match pattern/],
    ['what is not YAML', `${head}a: b: c`, /^c\.yaml: is not YAML: .* at line 3, column 4/],
    ['a field given twice', `${head}log: {}\nlog: {}`, /^c\.yaml: is not YAML: Map keys must be unique/],
    [
      'a lease that two could hold',
      `${head}leaderElection: {renewDeadlineSeconds: 15}`,
      /renewDeadlineSeconds: must be below lease/,
    ],
    [
      'a lease renewed too rarely',
      `${head}leaderElection: {retryPeriodSeconds: 10}`,
      /retryPeriodSeconds: must be below renew/,
    ],
    [
      'a back-off that shrinks',
      `${head}retry: {minSeconds: 301}`,
      /^c\.yaml: retry\.minSeconds: must not be above maxSeconds/,
    ],
    [
      'one port for two',
      `${head}http: {port: 9090}`,
      /^c\.yaml: http\.metricsPort: must differ from http\.port \(9090\)$/,
    ],
    ['a bomb of aliases', `${head}a: &a [x,x]\nb: &b [*a,*a]\n`, /no such field/],
  ];
  for (const [name, text, message] of refusals) {
    it(`is refused with file, path and remedy: ${name}`, () => {
      assert.throws(
        () => parseOperatorConfiguration(text, 'c.yaml', inPod),
        (error) => error instanceof ConfigurationError && message.test(error.message),
      );
    });
  }

  /** Entries by the field that they are in: what can match, and what never could. */
  const forms: readonly (readonly [path: string, taken: readonly string[], refused: readonly string[]])[] = [
    ...(['outbound.allow', 'outbound.deny'] as const).map((path) => {
      const addresses = ['10.0.0.1', '10.0.0.0/8', '0.0.0.0/0', '::/0', 'fd00::1', '[fd00::1]:443', '10.0.0.1:5000'];
      const names = [
        'registry',
        'registry.example.com',
        'registry.example.com:5000',
        'my_host',
        'bücher.example',
        'a.b.',
      ];
      const shapes = ['not a host!', 'http://x/y', 'x/y', '*.example.com', 'x:0', 'x:65536', 'x:', '-x', 'user@x', ''];
      const ranges = ['10.0.0.0/33', '256.0.0.0/8', '1:::2', '[1::2::3]:4', 'fd00::/129', '10.0.0.0/8:443'];
      return [path, [...addresses, ...names], [...shapes, ...ranges]] as const;
    }),
    [
      'outbound.proxy.noProxy',
      ['registry', '*.example.com', '*.example.com:8443', '10.0.0.0/8', 'fd00::/8', '[fd00::1]:443', '10.0.0.1'],
      ['.example.com', '*', 'https://x', '10.0.0.0/33', '1:::2', 'a b'],
    ],
    [
      'tokens.destinations[0].hosts',
      ['fulcio.sigstore.dev', 'fulcio.example:8080', '*.amazonaws.com', '[fd00::1]:8080'],
      ['https://fulcio.sigstore.dev', 'fulcio.sigstore.dev/api', '*', 'a.*.example', '10.0.0.0/8', 'a b'],
    ],
    [
      'transparency.logs',
      ['https://rekor.sigstore.dev', 'http://rekor.example:3000/', 'https://x.example/a/b'],
      ['rekor.sigstore.dev', 'ftp://x', 'https://', 'https://user:secret@x', 'https://x?token=secret', 'https://x#y'],
    ],
  ];
  for (const [path, taken, refused] of forms) {
    const file = (entry: string): string => {
      const list = JSON.stringify([entry]);
      if (path.startsWith('tokens')) return `${head}tokens: {destinations: [{audience: sigstore, hosts: ${list}}]}`;
      if (path.startsWith('outbound.proxy')) return `${head}outbound: {proxy: {noProxy: ${list}}}`;
      const [section = '', field = ''] = path.split('.');
      return `${head}${section}: {${field}: ${list}}`;
    };
    it(`takes only what can ever match in ${path}, and says what that is`, () => {
      for (const entry of taken) parseOperatorConfiguration(file(entry), 'c.yaml', inPod);
      for (const entry of refused) {
        const parse = (): unknown => parseOperatorConfiguration(file(entry), 'c.yaml', inPod);
        const begin = `c.yaml: ${path}[0]: `;
        assert.throws(parse, (error) => {
          assert.ok(error instanceof ConfigurationError && error.message.startsWith(begin), entry);
          assert.doesNotMatch(error.message, /secret/);
          if (!/[@?#]/.test(entry) && entry !== '')
            assert.ok(error.message.endsWith(`, not ${JSON.stringify(entry)}`), error.message);
          return true;
        });
      }
    });
  }

  it('takes the URL of a proxy, and never credentials in it', () => {
    const file = (url: string): string => `${head}outbound: {proxy: {url: ${JSON.stringify(url)}}}`;
    for (const url of [
      '',
      'http://proxy:3128',
      'https://proxy.example.com',
      'http://10.0.0.1:3128/',
      'http://[fd00::1]:1',
    ])
      assert.equal(parseOperatorConfiguration(file(url), 'c.yaml', inPod).outbound.proxy.url, url);
    const refused: Readonly<Record<string, string>> = {
      'proxy:3128': 'proxy:3128',
      'socks5://proxy': 'socks5://proxy',
      'http://user:secret@proxy': 'http://…@proxy',
      'http://user:sec@/ret@proxy': 'http://…@proxy',
      'user:secret@proxy:3128': '…@proxy:3128',
      'http://proxy?token=secret': 'http://proxy?…',
      'http://proxy/path': 'http://proxy/path',
      'http://proxy:0': 'http://proxy:0',
    };
    for (const [url, shown] of Object.entries(refused)) {
      const message = `c.yaml: outbound.proxy.url: must be http://host:port or https://host:port, without credentials and a path, not "${shown}"`;
      assert.throws(() => parseOperatorConfiguration(file(url), 'c.yaml', inPod), { message });
    }
  });

  it('names everything that is wrong at once', () => {
    const text = `${head}foo: 1\nlog: {level: loud}\nconcurrency: {runs: 0, records: 0}`;
    assert.throws(
      () => parseOperatorConfiguration(text, 'c.yaml', inPod),
      /foo.*concurrency\.runs.*concurrency\.records.*log\.level/,
    );
  });

  it('must know the namespace of the operator', () => {
    assert.throws(
      () => parseOperatorConfiguration(head, 'c.yaml', {}),
      /operatorNamespace: must be set, here or .* POD_NAMESPACE/,
    );
  });

  it('is read from a file, and says which one cannot be read', async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'hallmark-config-'));
    t.after(() => rm(directory, { recursive: true }));
    const path = join(directory, 'config.yaml');
    await assert.rejects(loadOperatorConfiguration(path, inPod), (error) => {
      return error instanceof ConfigurationError && error.message.startsWith(`${path}: cannot be read: ENOENT`);
    });
    await writeFile(path, `${head}log: {level: debug}\n`);
    assert.equal((await loadOperatorConfiguration(path, inPod)).log.level, 'debug');
  });
});
