// SPDX-License-Identifier: Apache-2.0
import { join, relative } from 'node:path';

/**
 * The import directions of src/ as lint rules: a folder may import only the folders listed for it here, and some
 * packages have a single importer. The table in docs/architecture.md is generated from this file.
 */
const ground = ['json', 'runtime'];
const edges = [...ground, 'api', 'net', 'kube', 'tekton'];
const middle = [
  ...edges,
  'credentials',
  'evidence',
  'provenance',
  'trust',
  'signing',
  'verify',
  'transparency',
  'storage',
];

/** Every folder of src/, below the folders that it may import. */
export const layers = {
  json: {
    holds: 'readers and writers of untyped JSON: fields, exact integers, canonical and bounded forms',
    imports: [],
  },
  runtime: {
    holds:
      'clock, keyed queue, controller loop, fair shares of the workers, back-off, watchdog; knows no Kubernetes kind',
    imports: [],
  },
  api: {
    holds:
      'one folder per kind: schema (the source of types, CRDs, docs and `hallmark lint`) and defaults; reasons, conditions',
    imports: ['json'],
  },
  net: {
    holds: 'the egress client: the one HTTP client for hosts that a tenant can name, and their name resolution',
    imports: ground,
  },
  evidence: {
    holds:
      'everything derived from a signed artifact: envelope, bundle, packing, digests; shared by storage and verification',
    imports: [...ground, 'api'],
  },
  credentials: {
    holds: 'identities for outgoing calls: Secrets, ServiceAccount tokens, cloud identities',
    imports: [...ground, 'api', 'net'],
  },
  kube: {
    holds: 'client, list-watch, leases, Events; the only importer of `@kubernetes/client-node`',
    imports: [...ground, 'api', 'net', 'credentials'],
  },
  tekton: {
    holds: 'readers of runs: summary, results, children, image names, and JSON as Go reads and writes it',
    imports: [...ground, 'api'],
  },
  provenance: {
    holds: 'run → unsigned artifacts, one folder per predicate type; pure',
    imports: [...ground, 'api', 'evidence', 'tekton'],
  },
  trust: { holds: 'trusted roots: TUF, ConfigMap, inline', imports: [...ground, 'api', 'net', 'credentials'] },
  signing: {
    holds: 'signers: keys, one folder per KMS, keyless',
    imports: [...edges, 'credentials', 'evidence', 'trust'],
  },
  verify: {
    holds: 'the verification that `hallmark verify` and the read-back share',
    imports: [...ground, 'api', 'net', 'evidence', 'trust', 'signing'],
  },
  transparency: {
    holds: 'witnesses: Rekor v1 and v2, timestamp authorities',
    imports: [...ground, 'api', 'net', 'credentials', 'evidence', 'trust', 'verify'],
  },
  storage: {
    holds: '`StorageDriver`: one folder per backend type, one contract test for all',
    imports: [...edges, 'credentials', 'evidence'],
  },
  pipelines: { holds: 'policies and backends compiled per namespace; selection of runs', imports: middle },
  records: {
    holds: 'ProvenanceRecords: facts, conditions, status, seal, name, size',
    imports: [...middle, 'pipelines'],
  },
  config: { holds: "the operator's configuration file", imports: [...ground, 'api'] },
  telemetry: { holds: 'log, metrics, health', imports: [...ground, 'api'] },
  controllers: {
    holds: 'one folder per kind: gather, decide, act; `memory/` holds what outlives a reconcile',
    imports: [...middle, 'pipelines', 'records', 'telemetry', 'config'],
  },
  operator: {
    holds: 'one replica as a process: probes, shards, stop; the only importer of `@dot-i/k8s-operator`',
    imports: ['runtime', 'net', 'kube', 'config', 'telemetry', 'controllers'],
  },
  simulation: {
    holds: 'a simulated cluster for tests; in neither the image nor the package',
    imports: [...middle, 'pipelines', 'records', 'config', 'controllers'],
  },
  cli: {
    holds: 'the `hallmark` command, one folder per subcommand',
    imports: [...middle, 'pipelines', 'records'],
  },
};

const memory = ['memory', 'memory/records', 'memory/runs'];
const services = ['.', ...memory, 'policy-services', 'shares'];
const recordSteps = [
  'provenance-record/rebinding',
  'provenance-record/retirement',
  'provenance-record/signing',
  'provenance-record/state',
  'provenance-record/storing',
];

/** Every folder of src/controllers/, where `.` is its own files, with the others that it may import. Tests are exempt. */
const controllerFolders = {
  'memory/records': [],
  'memory/runs': [],
  memory: ['memory/records', 'memory/runs'],
  'policy-services': [],
  shares: [],
  '.': ['memory', 'policy-services'],
  'provenance-record/state': ['.'],
  'provenance-record/rebinding': ['.', 'provenance-record/state'],
  'provenance-record/retirement': ['.', 'memory'],
  'provenance-record/signing': [...services, 'provenance-record/state'],
  'provenance-record/storing': [...services, 'provenance-record/state'],
  'provenance-record': [...services, ...recordSteps],
  'provenance-record/read-back': [...services, 'provenance-record', 'provenance-record/state'],
  run: services,
  propagation: ['memory/records', 'shares', 'provenance-record/retirement'],
  'storage-backend': ['.', 'memory', 'propagation'],
  'signing-policy': ['.', 'memory', 'policy-services', 'propagation', 'storage-backend'],
  wiring: [
    ...services,
    'propagation',
    'provenance-record',
    'provenance-record/read-back',
    'provenance-record/retirement',
    'run',
    'signing-policy',
    'storage-backend',
  ],
};

/** Packages with a single importer. */
const importers = {
  '@kubernetes/client-node': 'src/kube/',
  '@dot-i/k8s-operator': 'src/operator/',
};

const names = Object.keys(layers);

/** Forbid the packages that belong to another importer. */
function packagesOfOthers(importer) {
  return Object.entries(importers)
    .filter(([, owner]) => owner !== importer)
    .map(([name, owner]) => ({ name, message: `Only ${owner} imports ${name}.` }));
}

function layerPatterns(layer, allowed) {
  const forbidden = names.filter((name) => name !== layer && !allowed.includes(name));
  return [
    {
      regex: `^(\\.\\./)+(${forbidden.join('|')})/`,
      message: `src/${layer}/ may import only: ${allowed.join(', ') || 'nothing of ours'}.`,
    },
    { regex: '^(\\.\\./)+main\\.ts$', message: 'Nothing imports main.ts.' },
  ];
}

function restrictions(layer, allowed) {
  const patterns = layerPatterns(layer, allowed);
  const paths = packagesOfOthers(`src/${layer}/`);
  return { files: [`src/${layer}/**/*.ts`], rules: { 'no-restricted-imports': ['error', { patterns, paths }] } };
}

/** The rule for one folder of src/controllers/, which includes that of the layer: an override replaces a rule, it does not merge it. */
function controllerRestrictions(folder, allowed) {
  const forbidden = [...Object.keys(controllerFolders), 'fixtures'].filter(
    (name) => name !== folder && !allowed.includes(name),
  );
  const prefixes = forbidden.map((name) => {
    const path = relative(folder, name);
    return (path.startsWith('.') ? path : `./${path}`).replaceAll('.', '\\.');
  });
  const own = {
    regex: `^(${prefixes.join('|')})/[^/]+$`,
    message: `src/controllers/${folder}/ may import of src/controllers/ only: ${allowed.join(', ') || 'nothing'}.`,
  };
  const patterns = [...layerPatterns('controllers', layers.controllers.imports), own];
  const paths = packagesOfOthers('src/controllers/');
  return {
    files: [join('src/controllers', folder, '*.ts')],
    excludeFiles: ['**/*.test.ts', '**/*.fixture.ts'],
    rules: { 'no-restricted-imports': ['error', { patterns, paths }] },
  };
}

/** @type {import('oxlint').OxlintOverride[]} */
export const layerRules = [
  ...Object.entries(layers).map(([layer, { imports }]) => restrictions(layer, imports)),
  ...Object.entries(controllerFolders).map(([folder, allowed]) => controllerRestrictions(folder, allowed)),
  // Takes its samples from the one source of random numbers that tests have.
  { files: ['src/json/canonical-json.test.ts'], rules: { 'no-restricted-imports': 'off' } },
  {
    files: ['src/main.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [{ regex: '/(simulation|cli)/', message: 'main.ts starts the operator alone.' }],
          paths: packagesOfOthers('src/main.ts'),
        },
      ],
    },
  },
];
