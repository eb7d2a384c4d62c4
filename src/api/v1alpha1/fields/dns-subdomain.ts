// SPDX-License-Identifier: Apache-2.0

/** The form of an object's name (RFC 1123 subdomain). It may have up to 253 characters. */
export const dnsSubdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
