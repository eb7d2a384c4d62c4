// SPDX-License-Identifier: Apache-2.0

/** As many are named in a message. */
const MAX_NAMED = 5;

/** Which credentials a registry refused, which were passed over and why, and the remedy. Names alone: no key of an entry, no secret. */
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
