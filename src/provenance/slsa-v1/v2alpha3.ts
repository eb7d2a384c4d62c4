// SPDX-License-Identifier: Apache-2.0
import { allOutputSubjects } from '../subjects.ts';
import type { ProvenanceFormat } from '../statement.ts';
import { resultByProducts } from './by-products.ts';
import { hallmarkByProducts } from './hallmark-by-products.ts';
import { slsaV1Statement } from './statement.ts';

export const slsaV2Alpha3: ProvenanceFormat = {
  name: 'slsa/v2alpha3',
  statement: (run, options) =>
    slsaV1Statement(run, options, {
      includeSteps: false,
      subjects: allOutputSubjects(run, options.deepInspection),
      byProducts: [...resultByProducts(run), ...hallmarkByProducts(run, options.deepInspection)],
    }),
};
