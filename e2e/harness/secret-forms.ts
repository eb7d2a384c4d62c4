// SPDX-License-Identifier: Apache-2.0

/** A shorter part of an encoded text would match by chance. */
const MIN_LENGTH = 8;

/**
 * The forms in which a secret may appear in a log, an Event or a status: as it is, escaped in JSON once and twice, in URLs and forms, in
 * hexadecimal, and each of the texts in base64 wherever in the encoded text it begins, so that a password is found in the Authorization
 * header, the URL or the Docker configuration that it is part of.
 */
export function secretForms(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  const url = encodeURIComponent(secret);
  const texts = [
    secret,
    escaped(secret),
    escaped(escaped(secret)),
    url,
    url.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
    new URLSearchParams([['', secret]]).toString().slice(1),
    encodeURI(secret),
  ];
  const forms = [
    ...texts,
    ...longEnough([bytes.toString('hex'), bytes.toString('hex').toUpperCase()]),
    ...longEnough(texts.flatMap((text) => [0, 1, 2].flatMap((offset) => base64At(Buffer.from(text), offset)))),
  ];
  return [...new Set(forms)];
}

/** The part of the base64 of these bytes that stays the same with any bytes after them, and with so many before; in both alphabets. */
function base64At(bytes: Buffer, offset: number): readonly string[] {
  const encoded = Buffer.concat([Buffer.alloc(offset), bytes])
    .toString('base64')
    .replace(/=+$/, '');
  const begin = [0, 2, 3][offset] ?? 0;
  const isCutShort = (offset + bytes.length) % 3 !== 0;
  const sure = encoded.slice(begin, isCutShort ? -1 : undefined);
  return [sure, sure.replaceAll('+', '-').replaceAll('/', '_')];
}

function longEnough(forms: readonly string[]): readonly string[] {
  return forms.filter(({ length }) => length >= MIN_LENGTH);
}

function escaped(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
