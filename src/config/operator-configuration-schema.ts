// SPDX-License-Identifier: Apache-2.0
import { Type, type Static, type TSchema } from 'typebox';
import { standardRetention } from '../api/v1alpha1/signing-policy/retention.ts';
import { directTarget, hostOrRange, hostOrWildcard, proxyURL, serviceURL, type TextForm } from './text-forms.ts';

const closed = { additionalProperties: false } as const;

function section<Fields extends Record<string, TSchema>>(description: string, fields: Fields) {
  return Type.Object(fields, { ...closed, default: {}, description });
}

const name = { minLength: 1, maxLength: 63, pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$' } as const;

function seconds(description: string, range: { minimum: number; maximum: number; default: number }) {
  return Type.Integer({ description, ...range });
}

function port(description: string, standard: number) {
  return Type.Integer({ description, minimum: 0, maximum: 65_535, default: standard });
}

function text({ pattern }: TextForm, maxLength = 300) {
  return Type.String({ minLength: 1, maxLength, pattern });
}

function hosts(description: string) {
  return Type.Array(text(hostOrRange), { description, maxItems: 256, default: [] });
}

/** The operator's configuration file, every field with its default. */
export const operatorConfigurationSchema = Type.Object(
  {
    apiVersion: Type.Literal('config.hallmark.dev/v1alpha1'),
    kind: Type.Literal('OperatorConfiguration'),
    operatorNamespace: Type.Optional(
      Type.String({
        ...name,
        description: 'Namespace of the operator, where cluster kinds read Secrets. Default: $POD_NAMESPACE.',
      }),
    ),
    watchNamespaces: Type.Array(Type.String(name), {
      description: 'Namespaces to watch. Empty: all of them, and the cluster kinds are served.',
      maxItems: 256,
      uniqueItems: true,
      default: [],
    }),
    leaderElection: section('Leases by which the replicas share the work.', {
      enabled: Type.Boolean({
        description: 'Share the work by Lease. Turn it off only for a single replica.',
        default: true,
      }),
      leaseName: Type.String({
        ...name,
        description: 'Beginning of the names of the Leases in operatorNamespace.',
        default: 'hallmark',
      }),
      leaseDurationSeconds: seconds('Time after which an unrenewed Lease expires.', {
        minimum: 3,
        maximum: 300,
        default: 15,
      }),
      renewDeadlineSeconds: seconds('Time that a replica tries to renew before it stops working.', {
        minimum: 2,
        maximum: 299,
        default: 10,
      }),
      retryPeriodSeconds: seconds('Interval between attempts to acquire or renew the Lease.', {
        minimum: 1,
        maximum: 60,
        default: 2,
      }),
    }),
    concurrency: section('Limits on concurrent work.', {
      runs: Type.Integer({
        description: 'Runs signed at once per namespace; twice as many in total.',
        minimum: 1,
        maximum: 256,
        default: 8,
      }),
      records: Type.Integer({
        description: 'Records stored at once per backend; three times as many in total.',
        minimum: 1,
        maximum: 256,
        default: 16,
      }),
    }),
    http: section('HTTP endpoints for the kubelet and for Prometheus.', {
      host: Type.String({ description: 'Address to listen on.', minLength: 1, maxLength: 253, default: '0.0.0.0' }),
      port: port('Port of /livez and /readyz; 0 takes a free one.', 8080),
      metricsPort: port('Port of /metrics; 0 takes a free one.', 9090),
    }),
    tracing: section('Traces of the way of each run, for an OpenTelemetry collector.', {
      endpoint: Type.String({
        description:
          'URL of its receiver for traces over HTTP, such as `http://collector.observability:4318/v1/traces`. Empty: no traces. For headers, such as from a Secret, set ' +
          'the variable `OTEL_EXPORTER_OTLP_HEADERS` in `env`.',
        pattern: '^(https?://[^\\s@?#]+)?$',
        maxLength: 1024,
        default: '',
      }),
      samplingRatio: Type.Number({
        description: 'The part of all runs that is traced, from 0 to 1.',
        minimum: 0,
        maximum: 1,
        default: 1,
      }),
    }),
    log: section('The log, JSON lines on standard output.', {
      level: Type.Enum(['error', 'warn', 'info', 'debug'], {
        description: 'Lowest level that is logged.',
        default: 'info',
      }),
    }),
    outbound: section('Hosts that tenants may have the operator connect to.', {
      allow: hosts('Allowed despite being refused by default: host, host:port, address, address/prefix.'),
      deny: hosts('Refused despite being public.'),
      proxy: section(
        'The HTTP proxy (CONNECT) through which they are reached. The API server is never reached through it.',
        {
          url: Type.String({
            description:
              '`http://host:port` or `https://host:port`. Empty: none. Credentials come from the Secret of proxy.credentialsSecret.',
            maxLength: 300,
            pattern: proxyURL.pattern,
            default: '',
          }),
          noProxy: Type.Array(text(directTarget), {
            description:
              'Reached directly: host, host:port, *.example.com for every host below it, address, address/prefix.',
            maxItems: 256,
            default: ['*.svc', '*.cluster.local'],
          }),
          nameResolution: Type.Enum(['Operator', 'Proxy'], {
            description:
              'Operator: it resolves each name and asks the proxy for an address that the rules permit. Proxy: it asks for the name, so rules for addresses hold ' +
              'only where the DNS of the cluster knows it.',
            default: 'Operator',
          }),
          caFile: Type.String({
            description: "PEM file of authorities for the proxy's own certificate. Empty: those of the system.",
            maxLength: 4096,
            default: '',
          }),
        },
      ),
    }),
    tokens: section("Tokens of teams' ServiceAccounts for signing services and clouds.", {
      destinations: Type.Array(
        Type.Object(
          {
            audience: Type.String({ description: 'Audience of the tokens.', minLength: 1, maxLength: 512 }),
            hosts: Type.Array(text(hostOrWildcard), {
              description: 'Hosts that may receive them: host or host:port; *.example.com for every host below it.',
              minItems: 1,
              maxItems: 64,
            }),
          },
          closed,
        ),
        {
          description: 'Allowed token audiences, each with the hosts that may receive its tokens. Empty: none.',
          maxItems: 64,
          default: [],
        },
      ),
    }),
    keyless: section('Signing with certificates instead of keys.', {
      audience: Type.String({
        description: 'Audience of the tokens for Fulcio. tokens.destinations must list it.',
        minLength: 1,
        maxLength: 512,
        default: 'sigstore',
      }),
    }),
    transparency: section('Transparency logs.', {
      logs: Type.Array(text(serviceURL, 2048), {
        description:
          'URLs of the logs that policies may use. Empty: none. Entries in a public log are public for good.',
        maxItems: 64,
        default: [],
      }),
    }),
    records: section('ProvenanceRecords.', {
      retention: section('How long records are kept.', {
        default: section('The retention of policies that set none in spec.record.', {
          type: Type.Enum(['Seconds', 'WithRun', 'Keep'], {
            description:
              'Seconds after the run finished, WithRun until the run is gone, or Keep for ever. Runs that finished longer ago are not signed.',
            default: standardRetention.default.type,
          }),
          seconds: seconds('With type Seconds: for how long.', {
            minimum: 1,
            maximum: 3_153_600_000,
            default: standardRetention.default.seconds,
          }),
        }),
        maxSeconds: seconds(
          'The longest time after its run finished that a stored record is kept, whatever its policy says. 0: no limit.',
          { minimum: 0, maximum: 3_153_600_000, default: standardRetention.maxSeconds },
        ),
      }),
    }),
    verification: section('Read-back of stored evidence.', {
      intervalSeconds: seconds(
        'Interval at which stored evidence is read back and verified again. 0: verify once only.',
        {
          minimum: 0,
          maximum: 31_536_000,
          default: 86_400,
        },
      ),
    }),
    shutdownGraceSeconds: seconds('Time that work in progress has to finish when the operator stops.', {
      minimum: 0,
      maximum: 600,
      default: 20,
    }),
    children: section('Child TaskRuns of a PipelineRun.', {
      deadlineSeconds: seconds('Time to wait for a missing child before signing without it.', {
        minimum: 0,
        maximum: 3600,
        default: 60,
      }),
    }),
    retry: section('Back-off after failures.', {
      minSeconds: seconds('First delay.', { minimum: 1, maximum: 3600, default: 1 }),
      maxSeconds: seconds('Longest delay.', { minimum: 1, maximum: 86_400, default: 300 }),
    }),
  },
  closed,
);

/** The configuration as the file and the defaults give it. */
export type OperatorConfigurationFile = Static<typeof operatorConfigurationSchema>;
