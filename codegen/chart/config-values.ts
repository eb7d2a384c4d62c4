// SPDX-License-Identifier: Apache-2.0
import Type, { type TProperties } from 'typebox';

const group = (description: string, properties: TProperties) =>
  Type.Object(properties, { additionalProperties: false, description });

const seconds = (description: string, value: number, maximum: number) =>
  Type.Integer({ description, default: value, minimum: 1, maximum });

const hostPatterns = (description: string) =>
  Type.Array(Type.String({ minLength: 1, maxLength: 253 }), { description, default: [], maxItems: 256 });

/** The part of the operator's configuration file that the chart lets its user set; the rest is fixed by the templates. */
export const configValues = group("The operator's configuration file, as /etc/hallmark/config.yaml holds it.", {
  leaderElection: group('Which replica works.', {
    enabled: Type.Boolean({ description: 'Elect one by Lease. Needed when replicas is above 1.', default: true }),
    leaseName: Type.String({
      description: 'Name of the Lease in the release namespace.',
      default: 'hallmark',
      minLength: 1,
      maxLength: 63,
    }),
    leaseDurationSeconds: seconds('How long a silent holder keeps the Lease.', 15, 300),
    renewDeadlineSeconds: seconds('How long a holder tries to renew before it stops working.', 10, 300),
    retryPeriodSeconds: seconds('How often the Lease is renewed or tried for.', 2, 60),
  }),
  concurrency: group('How much is done at once.', {
    runs: Type.Integer({ description: 'Runs signed at once.', default: 8, minimum: 1, maximum: 256 }),
    records: Type.Integer({ description: 'Records stored at once.', default: 16, minimum: 1, maximum: 256 }),
  }),
  log: group('The log, JSON lines on standard output.', {
    level: Type.Union([Type.Literal('error'), Type.Literal('warn'), Type.Literal('info'), Type.Literal('debug')], {
      description: 'error, warn, info or debug.',
      default: 'info',
    }),
  }),
  outbound: group('Hosts that a tenant may make the operator connect to.', {
    allow: hostPatterns('Hosts allowed although they are private or loopback.'),
    deny: hostPatterns('Hosts refused although they are public.'),
  }),
  shutdownGraceSeconds: seconds('How long work in hand may take to finish when the operator stops.', 25, 3600),
  children: group('TaskRuns of a PipelineRun.', {
    deadlineSeconds: seconds('How long to wait for a child that is missing before signing without it.', 60, 3600),
  }),
  retry: group('Back-off of what failed.', {
    minSeconds: seconds('First delay.', 1, 3600),
    maxSeconds: seconds('Longest delay.', 300, 86400),
  }),
});
