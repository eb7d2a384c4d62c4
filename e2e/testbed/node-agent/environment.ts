// SPDX-License-Identifier: Apache-2.0
import type { DataKind, DataSource } from './data-source.ts';
import { podField, type Container, type EnvVar, type Pod } from './pod.ts';
import { PodSetupError } from './pod-setup-error.ts';

export interface EnvironmentContext {
  readonly pod: Pod;
  readonly nodeName: string;
  readonly data: DataSource;
}

type Environment = Record<string, string>;

/**
 * The variables that a container declares, resolved as the kubelet does: `envFrom` first, then `env` in order, with `$(NAME)`
 * of earlier variables expanded. `base` are the variables that the platform gives, which the container may refer to.
 */
export async function containerEnvironment(
  context: EnvironmentContext,
  container: Container,
  base: Readonly<Environment> = {},
): Promise<Environment> {
  const resolved: Environment = {};
  for (const { prefix = '', configMapRef, secretRef } of container.envFrom ?? []) {
    const entries = [
      ...(configMapRef === undefined ? [] : await allEntries(context, 'configmaps', configMapRef)),
      ...(secretRef === undefined ? [] : await allEntries(context, 'secrets', secretRef)),
    ];
    for (const [key, value] of entries) resolved[`${prefix}${key}`] = value.toString('utf8');
  }
  for (const variable of container.env ?? []) {
    const value = await variableValue(context, variable, { ...base, ...resolved });
    if (value !== undefined) resolved[variable.name] = value;
  }
  return resolved;
}

/** Replaces `$(NAME)` by the variable's value and `$$(NAME)` by a literal `$(NAME)`; unknown names stay, as in Kubernetes. */
export function expandReferences(text: string, variables: Readonly<Environment>): string {
  return text.replace(/\$(\$|\(([A-Za-z_.-][\w.-]*)\))/g, (whole, escape: string, name: string | undefined) => {
    if (escape === '$') return '$';
    return variables[name ?? ''] ?? whole;
  });
}

async function variableValue(
  context: EnvironmentContext,
  { name, value, valueFrom }: EnvVar,
  known: Readonly<Environment>,
): Promise<string | undefined> {
  if (valueFrom === undefined) return expandReferences(value ?? '', known);
  if (valueFrom.configMapKeyRef !== undefined) return entry(context, 'configmaps', valueFrom.configMapKeyRef);
  if (valueFrom.secretKeyRef !== undefined) return entry(context, 'secrets', valueFrom.secretKeyRef);
  const field = podField(context.pod, valueFrom.fieldRef?.fieldPath ?? '', context.nodeName);
  if (field === undefined) throw configError(`the node agent cannot resolve the source of the variable ${name}`);
  return field;
}

interface Reference {
  readonly name?: string;
  readonly optional?: boolean;
}

async function allEntries(
  { data, pod }: EnvironmentContext,
  kind: DataKind,
  { name = '', optional = false }: Reference,
): Promise<Iterable<[string, Buffer]>> {
  const entries = await data.entries(kind, pod.metadata.namespace, name);
  if (entries === undefined && !optional) throw configError(`${kind} "${name}" not found`);
  return entries ?? [];
}

async function entry(
  { data, pod }: EnvironmentContext,
  kind: DataKind,
  { name = '', key, optional = false }: Reference & { readonly key: string },
): Promise<string | undefined> {
  const value = (await data.entries(kind, pod.metadata.namespace, name))?.get(key);
  if (value === undefined && !optional)
    throw configError(`couldn't find key ${key} in ${kind} ${pod.metadata.namespace}/${name}`);
  return value?.toString('utf8');
}

function configError(message: string): PodSetupError {
  return new PodSetupError('CreateContainerConfigError', message);
}
