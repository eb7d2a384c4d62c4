// SPDX-License-Identifier: Apache-2.0

/** The most names in a message. */
const MAX_NAMED = 5;

/** Name the credentials that a registry refused, those that were skipped and why, and the remedy. Never contains an entry's key or a secret. */
export function credentialAdvice(tried: readonly string[], passedOver: readonly string[]): string {
  const used = tried.length === 0 ? 'no credentials are for it' : `tried ${listed(tried)}`;
  const rest = passedOver.length === 0 ? '' : `, skipped ${listed(passedOver)}`;
  return `${used}${rest}; give the backend, or the run's ServiceAccount, credentials that may pull and push there`;
}

function listed(names: readonly string[]): string {
  const unique = [...new Set(names)];
  const named = unique.slice(0, MAX_NAMED).join(', ');
  return unique.length > MAX_NAMED ? `${named} and ${unique.length - MAX_NAMED} more` : named;
}
