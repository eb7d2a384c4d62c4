// SPDX-License-Identifier: Apache-2.0
import { allOutputSubjects, buildOutputSubjects } from '../subjects.ts';
import type { FormatOptions, FormattedStatement } from '../statement.ts';
import { otherResultByProducts, resultByProducts } from './by-products.ts';
import { hallmarkByProducts } from './hallmark-by-products.ts';
import type { FinishedRun } from '../../tekton/finished-run.ts';
import { malformedMaterials, malformedSubjects } from '../warnings/malformed-entries.ts';
import type { Subject } from '../../evidence/artifact.ts';
import { slsaV1Predicate } from './predicate.ts';
import { resolvedDependencies } from './resolved-dependencies.ts';
import type { ResourceDescriptor } from './resource-descriptor.ts';

/** Build the statement of slsa/v2alpha3: every output is a subject, every result a by-product. */
export function v2alpha3Statement(run: FinishedRun, options: FormatOptions): FormattedStatement {
  const { deepInspection } = options;
  return slsaV1Statement(run, options, {
    includeSteps: false,
    subjects: allOutputSubjects(run, deepInspection),
    byProducts: [...resultByProducts(run), ...hallmarkByProducts(run, deepInspection)],
  });
}

/** Build the statement of slsa/v2alpha4: build outputs are subjects, other results by-products; steps count too. */
export function v2alpha4Statement(run: FinishedRun, options: FormatOptions): FormattedStatement {
  const { deepInspection } = options;
  return slsaV1Statement(run, options, {
    includeSteps: true,
    subjects: buildOutputSubjects(run, deepInspection),
    byProducts: [...otherResultByProducts(run, deepInspection), ...hallmarkByProducts(run, deepInspection)],
  });
}

interface StatementParts {
  readonly includeSteps: boolean;
  readonly subjects: readonly Subject[];
  readonly byProducts: readonly ResourceDescriptor[];
}

/** Build an in-toto statement v1 with a SLSA 1.0 predicate. */
function slsaV1Statement(run: FinishedRun, options: FormatOptions, parts: StatementParts): FormattedStatement {
  const warnings: string[] = [];
  const { includeSteps, subjects, byProducts } = parts;
  const dependencies = resolvedDependencies(run, { ...options, includeSteps }, warnings);
  const stated = dependencies.map(({ uri = '', digest = {} }) => ({ name: uri, digest }));
  warnings.push(...malformedSubjects(subjects), ...malformedMaterials(stated));
  return {
    statement: {
      type: 'https://in-toto.io/Statement/v1',
      subjects,
      predicateType: 'https://slsa.dev/provenance/v1',
      predicate: slsaV1Predicate(run.object, options, { resolvedDependencies: dependencies, byProducts }),
    },
    warnings,
  };
}
