// SPDX-License-Identifier: Apache-2.0
/**
 * The import directions of the house as lint rules: a folder of src/ may import only the folders named for it here, and
 * a package that has one door may be imported through that door alone. See docs/architecture.md.
 */
const edges = ['api', 'runtime', 'net', 'kube', 'tekton'];
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
  api: [],
  runtime: [],
  net: ['runtime'],
  config: ['api'],
  credentials: ['api', 'runtime', 'net'],
  kube: ['api', 'runtime', 'net', 'credentials'],
  tekton: ['api', 'runtime', 'net'],
  telemetry: ['api', 'runtime'],
  evidence: ['api', 'runtime'],
  provenance: edges,
  signing: [...edges, 'credentials', 'evidence', 'trust'],
  trust: [...edges, 'credentials', 'evidence'],
  transparency: [...edges, 'credentials', 'evidence', 'trust', 'verify'],
  verify: [...edges, 'evidence', 'signing', 'trust'],
  storage: [...edges, 'credentials', 'evidence'],
  pipelines: middle,
  controllers: [...middle, 'pipelines', 'telemetry', 'config'],
  // For tests alone: it is in neither the image nor the package, so nothing that is may import it.
  simulation: [...middle, 'pipelines', 'config', 'controllers'],
};

/** Packages with a single importer. */
const doors = {
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
  const paths = Object.entries(doors)
    .filter(([, door]) => door !== `src/${layer}/`)
    .map(([name, door]) => ({ name, message: `${name} is imported by ${door} alone.` }));
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
          paths: Object.entries(doors).map(([name, door]) => ({
            name,
            message: `${name} is imported by ${door} alone.`,
          })),
        },
      ],
    },
  },
];
