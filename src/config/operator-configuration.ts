// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { parseDocument } from 'yaml';
import { fieldErrorOf, fieldErrorText, type FieldError } from '../api/v1alpha1/parsing/field-error.ts';
import { schemaCheck } from '../api/v1alpha1/parsing/schema-check/schema-check.ts';
import type { SchemaProblem } from '../api/v1alpha1/parsing/schema-check/schema-problem.ts';
import { operatorConfigurationSchema, type OperatorConfigurationFile } from './operator-configuration-schema.ts';
import { describedForm, hostOrRange } from './text-forms.ts';
import { withDefaults } from './with-defaults.ts';

/** The operator's configuration, complete and checked. */
export interface OperatorConfiguration extends OperatorConfigurationFile {
  readonly operatorNamespace: string;
}

export const CONFIGURATION_API_VERSION = 'config.hallmark.dev/v1alpha1';
export const CONFIGURATION_KIND = 'OperatorConfiguration';

const MAX_FILE_BYTES = 1024 * 1024;

/** A configuration that cannot be used. The message names the file, the fields and what must hold, and is all a user needs. */
export class ConfigurationError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ConfigurationError';
  }
}

/**
 * Reads and checks the configuration file; without a path everything has its default. The namespace is the file's, else
 * $POD_NAMESPACE. @throws ConfigurationError
 */
export async function loadOperatorConfiguration(
  path?: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<OperatorConfiguration> {
  if (path === undefined) return parseOperatorConfiguration(minimalFile(), 'the default configuration', environment);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigurationError(`${path}: cannot be read: ${detail}; --config must name a readable file`, { cause });
  }
  return parseOperatorConfiguration(text, path, environment);
}

/** As `loadOperatorConfiguration`, from the text of a file. @param source what messages call it */
export function parseOperatorConfiguration(
  text: string,
  source: string,
  environment: Readonly<Record<string, string | undefined>>,
): OperatorConfiguration {
  const file = validated(parseYaml(text, source), source);
  const operatorNamespace = file.operatorNamespace ?? environment['POD_NAMESPACE'];
  if (operatorNamespace === undefined || operatorNamespace === '') {
    throw new ConfigurationError(
      `${source}: operatorNamespace: must be set, here or as the environment's POD_NAMESPACE`,
    );
  }
  const problems = crossFieldProblems(file);
  if (problems.length > 0) throw invalid(source, problems);
  return { ...file, operatorNamespace };
}

function minimalFile(): string {
  return JSON.stringify({ apiVersion: CONFIGURATION_API_VERSION, kind: CONFIGURATION_KIND });
}

function parseYaml(text: string, source: string): unknown {
  if (Buffer.byteLength(text) > MAX_FILE_BYTES) {
    throw new ConfigurationError(`${source}: is larger than ${MAX_FILE_BYTES} bytes`);
  }
  const document = parseDocument(text, { uniqueKeys: true });
  const [error] = document.errors;
  if (error !== undefined) throw new ConfigurationError(`${source}: is not YAML: ${error.message}`, { cause: error });
  return document.toJS({ maxAliasCount: 100 });
}

function validated(value: unknown, source: string): OperatorConfigurationFile {
  const complete = withDefaults(operatorConfigurationSchema, value);
  const problems = schemaCheck(operatorConfigurationSchema)(complete);
  if (isChecked(complete, problems)) return complete;
  throw invalid(source, problems.map(configurationProblem));
}

function isChecked(_: unknown, problems: readonly SchemaProblem[]): _ is OperatorConfigurationFile {
  return problems.length === 0;
}

function configurationProblem(problem: SchemaProblem): FieldError {
  const form = problem.keyword === 'pattern' ? describedForm(String(problem.argument)) : undefined;
  if (form === undefined) return fieldErrorOf(problem);
  return { ...fieldErrorOf(problem), message: `must be ${form}, not ${withoutSecrets(problem.value)}` };
}

/** The value without what is before an `@` or after a `?`: messages go to the log, and a URL may carry a login or a token there. */
function withoutSecrets(value: unknown): string {
  const text = typeof value === 'string' ? value : String(value);
  return JSON.stringify(text.replace(/^(\w+:\/\/)?.*@/s, '$1…@').replace(/[?#].*$/s, '?…'));
}

function crossFieldProblems(file: OperatorConfigurationFile): readonly FieldError[] {
  const { leaderElection: lease, retry, http } = file;
  const rules: readonly (readonly [boolean, string, string])[] = [
    [
      lease.renewDeadlineSeconds < lease.leaseDurationSeconds,
      'leaderElection.renewDeadlineSeconds',
      `must be below leaseDurationSeconds (${lease.leaseDurationSeconds}), so that a holder stops before another begins`,
    ],
    [
      lease.retryPeriodSeconds < lease.renewDeadlineSeconds,
      'leaderElection.retryPeriodSeconds',
      `must be below renewDeadlineSeconds (${lease.renewDeadlineSeconds})`,
    ],
    [retry.minSeconds <= retry.maxSeconds, 'retry.minSeconds', `must not be above maxSeconds (${retry.maxSeconds})`],
    [
      http.port === 0 || http.port !== http.metricsPort,
      'http.metricsPort',
      `must differ from http.port (${http.port})`,
    ],
  ];
  return [...rules.flatMap(([holds, path, message]) => (holds ? [] : [{ path, message }])), ...addressProblems(file)];
}

/** The pattern of the schema lets through what only looks like an IPv6 address. */
function addressProblems({ outbound: { allow, deny, proxy } }: OperatorConfigurationFile): readonly FieldError[] {
  return Object.entries({ allow, deny, 'proxy.noProxy': proxy.noProxy }).flatMap(([list, entries]) =>
    entries.flatMap((entry, index) => {
      const [, bracketed] = /^\[(.*)\]/.exec(entry) ?? [];
      const isWhole = entry.includes('/') || entry.split(':').length > 2;
      const address = bracketed ?? (isWhole ? entry.split('/')[0] : undefined);
      if (address === undefined || isIP(address) !== 0) return [];
      const message = `must be ${hostOrRange.described}, not ${JSON.stringify(entry)}`;
      return [{ path: `outbound.${list}[${index}]`, message }];
    }),
  );
}

function invalid(source: string, problems: readonly FieldError[]): ConfigurationError {
  const lines = [...new Set(problems.map(fieldErrorText))];
  return new ConfigurationError(`${source}: ${lines.join('; ')}`);
}
