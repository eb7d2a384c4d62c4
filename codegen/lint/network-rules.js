// SPDX-License-Identifier: Apache-2.0
/**
 * Lint rules for outgoing connections: everything to hosts that a tenant can name goes through src/net/. See
 * docs/security.md.
 */
const MODULES =
  '/^(node:)?(undici|http|https|http2|net|tls|dgram|dns)(\\u002fpromises)?$|^@opentelemetry\\u002fexporter-/';
/** Imports from these modules that open no connection. */
const HARMLESS = '/^(isIP|isIPv4|isIPv6|BlockList|createServer)$/';
const message = 'Only the egress client opens connections: see src/net/.';

const exempt = [
  '**/*.test.ts',
  '**/*.contract.ts',
  '**/*.fixture.ts',
  'src/net/**',
  // Connects to the API server only.
  'src/kube/**',
  // Uses the agents of the egress client.
  'src/credentials/aws/aws-request-handler.ts',
  // Connects to the link-local agent that the environment of the pod names.
  'src/credentials/aws/container-secrets.ts',
  // Connects to the collector that the administrator names.
  'src/telemetry/tracing/otlp-tracing.ts',
];

export const networkRules = [
  {
    files: ['src/**/*.ts'],
    ignores: exempt,
    rules: {
      'no-restricted-globals': ['error', ...['fetch', 'WebSocket', 'EventSource'].map((name) => ({ name, message }))],
      'no-restricted-syntax': [
        'error',
        ...[
          `ImportDeclaration[importKind!="type"][source.value=${MODULES}] > ImportSpecifier[importKind!="type"][imported.name!=${HARMLESS}]`,
          `ImportDeclaration[importKind!="type"][source.value=${MODULES}] > :matches(ImportDefaultSpecifier, ImportNamespaceSpecifier)`,
          `ImportExpression[source.value=${MODULES}]`,
        ].map((selector) => ({ selector, message })),
      ],
    },
  },
];
