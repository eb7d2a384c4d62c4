// SPDX-License-Identifier: Apache-2.0
/**
 * The import directions of the house as lint rules: a folder of src/ may import only the folders named for it here, and
 * a package with a single importer may be imported there alone. See docs/architecture.md.
 */
const ground = ['json', 'runtime'];
const edges = [...ground, 'api', 'net', 'kube', 'tekton'];
const middle = [
  ...edges,
  'credentials',
  'provenance',
  'signing',
  'trust',
  'transparency',
  'verify',
  'storage',
  'evidence',
];

const layers = {
  json: [],
  runtime: [],
  api: ['json'],
  net: ground,
  config: [...ground, 'api'],
  credentials: [...ground, 'api', 'net'],
  kube: [...ground, 'api', 'net', 'credentials'],
  tekton: [...ground, 'api', 'net'],
  telemetry: [...ground, 'api'],
  evidence: [...ground, 'api'],
  provenance: edges,
  signing: [...edges, 'credentials', 'evidence', 'trust'],
  trust: [...edges, 'credentials', 'evidence'],
  transparency: [...edges, 'credentials', 'evidence', 'trust', 'verify'],
  verify: [...edges, 'evidence', 'signing', 'trust'],
  storage: [...edges, 'credentials', 'evidence'],
  pipelines: middle,
  records: [...middle, 'pipelines'],
  controllers: [...middle, 'pipelines', 'records', 'telemetry', 'config'],
  // For tests alone: it is in neither the image nor the package, so nothing that is may import it.
  simulation: [...middle, 'pipelines', 'records', 'config', 'controllers'],
};

/** Packages with a single importer. */
const importers = {
  '@kubernetes/client-node': 'src/kube/',
  '@dot-i/k8s-operator': 'src/operator.ts',
};

const names = Object.keys(layers);

function restrictions(layer, allowed) {
  const forbidden = [...names.filter((name) => name !== layer && !allowed.includes(name)), 'cli'];
  const patterns = [
    {
      regex: `^(\\.\\./)+(${forbidden.join('|')})/`,
      message: `src/${layer}/ may import only: ${allowed.join(', ') || 'nothing of ours'}.`,
    },
    { regex: '^(\\.\\./)+(main|operator)\\.ts$', message: 'main.ts and operator.ts are imported by nobody.' },
  ];
  const paths = Object.entries(importers)
    .filter(([, importer]) => importer !== `src/${layer}/`)
    .map(([name, importer]) => ({ name, message: `${name} is imported by ${importer} alone.` }));
  return { files: [`src/${layer}/**/*.ts`], rules: { 'no-restricted-imports': ['error', { patterns, paths }] } };
}

export const layerRules = [
  ...Object.entries(layers).map(([layer, allowed]) => restrictions(layer, allowed)),
  {
    files: ['src/cli/**/*.ts', 'src/main.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [{ regex: '/simulation/', message: 'src/simulation/ is for tests alone.' }],
          paths: Object.entries(importers).map(([name, importer]) => ({
            name,
            message: `${name} is imported by ${importer} alone.`,
          })),
        },
      ],
    },
  },
];
