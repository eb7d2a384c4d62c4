// SPDX-License-Identifier: Apache-2.0
import { printable } from '../runtime/printable.ts';
import { withoutUserInfo } from './user-info.ts';

const SHOWN = 128;
/** A credential before a host without a scheme, as in `bob:token@registry/app`; the name before a digest is not one. */
const schemeless = /^[^\s/@:]+:[^\s/@]+@(?!sha\d+:)/;

/** Quote a value from a run for a message: shortened, without credentials in URLs and without control characters. */
export function quoted(value: string): string {
  const safe = withoutUserInfo(value).replace(schemeless, '');
  const cut = safe.length <= SHOWN ? safe : `${safe.slice(0, SHOWN).toWellFormed()}…`;
  return printable(JSON.stringify(cut));
}
