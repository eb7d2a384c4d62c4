// SPDX-License-Identifier: Apache-2.0
import { slsaV02, inToto } from './slsa-v02/format.ts';
import { slsaV2Alpha3 } from './slsa-v1/v2alpha3.ts';
import { slsaV2Alpha4 } from './slsa-v1/v2alpha4.ts';
import type { FormatName, ProvenanceFormat } from './statement.ts';

/** Every format by its name in a policy. */
export const formats = {
  'slsa/v1': slsaV02,
  'in-toto': inToto,
  'slsa/v2alpha3': slsaV2Alpha3,
  'slsa/v2alpha4': slsaV2Alpha4,
} as const satisfies Record<FormatName, ProvenanceFormat>;

export function isFormatName(name: string): name is FormatName {
  return Object.hasOwn(formats, name);
}
