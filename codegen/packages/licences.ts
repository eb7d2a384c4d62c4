// SPDX-License-Identifier: Apache-2.0
import { listField, stringField } from '../../src/json/fields.ts';

/** Licences that let an Apache-2.0 image hold the package. */
const ALLOWED: ReadonlySet<string> = new Set([
  ...['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', 'ISC', 'MIT', 'PSF-2.0', 'Unlicense'],
]);

/** True for an SPDX expression that needs no more than allowed licences: each part of an AND, or one part of an OR. */
export function isAllowedLicence(expression: string): boolean {
  const text = expression.trim().replace(/^\((.*)\)$/, '$1');
  if (/[()]/.test(text)) return false;
  return text.split(' OR ').some((choice) => choice.split(' AND ').every((licence) => ALLOWED.has(licence.trim())));
}

/** The licence that a package.json states, as an SPDX expression. Old ones list objects, of which one may choose. */
export function statedLicence(manifest: unknown): string | undefined {
  const choices = ['license', 'licenses'].flatMap((name) => listField(manifest, name));
  const types = choices.flatMap((choice) => stringField(choice, 'type') ?? []);
  return stringField(manifest, 'license') ?? (types.length === 0 ? undefined : types.join(' OR '));
}

/** A package and the licence that its package.json states. */
export interface LicensedPackage {
  readonly name: string;
  readonly version: string;
  readonly licence: string | undefined;
}

/** One line for each package whose licence is not allowed. */
export function licenceFaults(packages: readonly LicensedPackage[]): readonly string[] {
  return packages
    .filter(({ licence }) => licence === undefined || !isAllowedLicence(licence))
    .map(
      ({ name, version, licence }) => `${name}@${version}: ${licence ?? 'no licence'} is not on the list of licences`,
    );
}
