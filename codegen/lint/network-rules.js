// SPDX-License-Identifier: Apache-2.0
/**
 * Lint rules for outgoing connections: everything to hosts that a tenant can name goes through src/net/. See
 * docs/security.md.
 */
const modules = /^(node:)?(undici|http|https|http2|net|tls|dgram|dns)(\/promises)?$|^@opentelemetry\/exporter-/;
/** Imports from these modules that open no connection. */
const harmless = new Set(['isIP', 'isIPv4', 'isIPv6', 'BlockList', 'createServer']);
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

/** Allows no import of a module that opens connections, but of its harmless names and of types. */
export const noConnections = {
  create(context) {
    const opens = ({ type, importKind, imported }) =>
      type !== 'ImportSpecifier' || (importKind !== 'type' && !harmless.has(imported.name));
    return {
      ImportDeclaration({ importKind, source, specifiers }) {
        if (importKind === 'type' || !modules.test(source.value)) return;
        for (const node of specifiers.filter(opens)) context.report({ node, message });
      },
      ImportExpression(node) {
        if (modules.test(node.source.value)) context.report({ node, message });
      },
    };
  },
};

/** @type {import('oxlint').OxlintOverride[]} */
export const networkRules = [
  {
    files: ['src/**/*.ts'],
    excludeFiles: exempt,
    rules: {
      'no-restricted-globals': ['error', ...['fetch', 'WebSocket', 'EventSource'].map((name) => ({ name, message }))],
      'hallmark/no-connections': 'error',
    },
  },
];
