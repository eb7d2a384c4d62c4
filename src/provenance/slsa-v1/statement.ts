// SPDX-License-Identifier: Apache-2.0
import type { FinishedRun } from '../../tekton/finished-run.ts';
import { malformedMaterials, malformedSubjects } from '../warnings/malformed-entries.ts';
import type { FormatOptions, FormattedStatement, Subject } from '../statement.ts';
import { slsaV1Predicate } from './predicate.ts';
import { resolvedDependencies } from './resolved-dependencies.ts';
import type { ResourceDescriptor } from './resource-descriptor.ts';

interface StatementParts {
  readonly includeSteps: boolean;
  readonly subjects: readonly Subject[];
  readonly byProducts: readonly ResourceDescriptor[];
}

/** An in-toto statement v1 with a SLSA 1.0 predicate. */
export function slsaV1Statement(run: FinishedRun, options: FormatOptions, parts: StatementParts): FormattedStatement {
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
