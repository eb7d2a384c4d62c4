// SPDX-License-Identifier: Apache-2.0

export interface PemBlock {
  readonly label: string;
  readonly body: Buffer;
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]{1,64})-----[ \t]*\r?\n([A-Za-z0-9+/=\s]*?)-----END \1-----/;

/** The first PEM block of a text (RFC 7468, without headers), or undefined when there is none. */
export function firstPemBlock(text: string): PemBlock | undefined {
  const [, label, body] = BLOCK.exec(text) ?? [];
  if (label === undefined || body === undefined) return undefined;
  return { label, body: Buffer.from(body, 'base64') };
}
