// SPDX-License-Identifier: Apache-2.0
import { buildOutputSubjects } from '../subjects.ts';
import type { ProvenanceFormat } from '../statement.ts';
import { otherResultByProducts } from './by-products.ts';
import { hallmarkByProducts } from './hallmark-by-products.ts';
import { slsaV1Statement } from './statement.ts';

export const slsaV2Alpha4: ProvenanceFormat = {
  name: 'slsa/v2alpha4',
  statement: (run, options) =>
    slsaV1Statement(run, options, {
      includeSteps: true,
      subjects: buildOutputSubjects(run, options.deepInspection),
      byProducts: [
        ...otherResultByProducts(run, options.deepInspection),
        ...hallmarkByProducts(run, options.deepInspection),
      ],
    }),
};
