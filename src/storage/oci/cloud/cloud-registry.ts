// SPDX-License-Identifier: Apache-2.0

/** A registry that a cloud runs, told by its name alone. */
export type CloudRegistry =
  { readonly cloud: 'AWS'; readonly region: string } | { readonly cloud: 'Google' } | { readonly cloud: 'Azure' };

/** By IPv4, and by both (`dkr-ecr`). */
const ECR =
  /^\d{12}\.dkr[.-]ecr(?:-fips)?\.([a-z]{2}(?:-[a-z]+)+-\d)\.(?:amazonaws\.com(?:\.cn)?|on\.aws|on\.amazonwebservices\.com\.cn)$/;
const GOOGLE = /^(?:(?:[a-z]+\.)?gcr\.io|[a-z0-9-]+-docker\.pkg\.dev)$/;
/** Behind the hyphen stands what makes a name one tenant's. */
const ACR = /^[a-z0-9]{5,50}(?:-[a-z0-9]{1,32})?\.azurecr\.(?:io|cn|us)$/;

/**
 * Whose registry a host is; undefined for every other. The whole name must match, without a port, so that no other host is ever shown a
 * cloud's token.
 */
export function cloudRegistry(host: string): CloudRegistry | undefined {
  const region = ECR.exec(host)?.[1];
  if (region !== undefined) return { cloud: 'AWS', region };
  if (GOOGLE.test(host)) return { cloud: 'Google' };
  return ACR.test(host) ? { cloud: 'Azure' } : undefined;
}
