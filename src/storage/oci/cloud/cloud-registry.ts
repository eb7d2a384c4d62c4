// SPDX-License-Identifier: Apache-2.0

/** A cloud's registry, recognised by its host name. */
export type CloudRegistry =
  { readonly cloud: 'AWS'; readonly region: string } | { readonly cloud: 'Google' } | { readonly cloud: 'Azure' };

/** The IPv4 form, and the dual-stack form (`dkr-ecr`). */
const ECR =
  /^\d{12}\.dkr[.-]ecr(?:-fips)?\.([a-z]{2}(?:-[a-z]+)+-\d)\.(?:amazonaws\.com(?:\.cn)?|on\.aws|on\.amazonwebservices\.com\.cn)$/;
const GOOGLE = /^(?:(?:[a-z]+\.)?gcr\.io|[a-z0-9-]+-docker\.pkg\.dev)$/;
/** The part after the hyphen makes the name unique to a tenant. */
const ACR = /^[a-z0-9]{5,50}(?:-[a-z0-9]{1,32})?\.azurecr\.(?:io|cn|us)$/;

/**
 * The cloud of a registry host; undefined for any other host. The whole name must match, without a port, so that no other host ever gets a
 * cloud's token.
 */
export function cloudRegistry(host: string): CloudRegistry | undefined {
  const region = ECR.exec(host)?.[1];
  if (region !== undefined) return { cloud: 'AWS', region };
  if (GOOGLE.test(host)) return { cloud: 'Google' };
  return ACR.test(host) ? { cloud: 'Azure' } : undefined;
}
