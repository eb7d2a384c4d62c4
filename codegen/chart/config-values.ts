// SPDX-License-Identifier: Apache-2.0
import Type, { type TObject, type TProperties, type TSchema } from 'typebox';
import { operatorConfigurationSchema } from '../../src/config/operator-configuration-schema.ts';

const {
  http,
  leaderElection,
  concurrency,
  log,
  tracing,
  outbound,
  tokens,
  keyless,
  transparency,
  records,
  verification,
  shutdownGraceSeconds,
  children,
  retry,
} = operatorConfigurationSchema.properties;

const group = (description: string, properties: TProperties) =>
  Type.Object(properties, { additionalProperties: false, description });

/** Make a group of values from a section of the file. The file may leave a section out; the chart writes all of them. */
function section(schema: TObject): TObject {
  const description = 'description' in schema && typeof schema.description === 'string' ? schema.description : '';
  const entries = Object.entries(schema.properties);
  const properties = entries.map(([key, property]): [string, TSchema] => [
    key,
    Type.IsObject(property) ? section(property) : property,
  ]);
  return group(description, Object.fromEntries(properties));
}

/**
 * The part of the operator's configuration file that chart values can set, with the operator's own limits and
 * defaults. Namespaces are a value of their own, and the ports are what the Deployment and the Service name.
 */
export const configValues = group("The operator's configuration file, as /etc/hallmark/config.yaml holds it.", {
  leaderElection: section(leaderElection),
  concurrency: section(concurrency),
  http: group('HTTP endpoints for the kubelet (port 8080) and for Prometheus (port 9090).', {
    host: http.properties.host,
  }),
  log: section(log),
  tracing: section(tracing),
  outbound: section(outbound),
  tokens: section(tokens),
  keyless: section(keyless),
  transparency: section(transparency),
  records: section(records),
  verification: section(verification),
  shutdownGraceSeconds,
  children: section(children),
  retry: section(retry),
});
