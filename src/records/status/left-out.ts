// SPDX-License-Identifier: Apache-2.0
import { type Reason, reasons } from '../../api/v1alpha1/reasons.ts';
import { type WarningKind, warningCount, warningKindOf } from '../../api/v1alpha1/warning.ts';
import type { Problem } from '../../api/v1alpha1/problem.ts';
import type { BackendFact, RecordFacts } from './record-facts.ts';

/** Warnings about missing content; the other kinds are about content that is stated as the run wrote it. */
const reasonOfKind: Readonly<Partial<Record<WarningKind, Reason>>> = {
  HintIgnored: reasons.SubjectIgnored,
  HintMalformed: reasons.SubjectIgnored,
  ArtifactIgnored: reasons.SubjectIgnored,
  IndexImageOmitted: reasons.SubjectIgnored,
  ChildMissing: reasons.ChildMissing,
  ChildReplaced: reasons.ChildReplaced,
  InputIgnored: reasons.StatementIncomplete,
  MaterialMissing: reasons.StatementIncomplete,
  TaskOmitted: reasons.StatementIncomplete,
};

const childKinds: ReadonlySet<WarningKind | undefined> = new Set(['ChildMissing', 'ChildReplaced']);
const subjectKinds: ReadonlySet<WarningKind | undefined> = new Set(['HintIgnored', 'HintMalformed', 'ArtifactIgnored']);

/** The first part of a run that is missing from its evidence or from every backend; undefined when nothing is. */
export function leftOut(facts: RecordFacts): Problem | undefined {
  const { warnings = [], unsigned } = facts;
  if (warnings.length === 0 && unsigned?.reason === reasons.SubjectIgnored) return unsigned;
  return firstLeftOut(warnings) ?? placeless(facts);
}

/** The reason why a policy with `subjects.onIgnored: Refuse` refuses a run; undefined when each announced subject can be read. */
export function ignoredSubject(warnings: readonly string[]): Problem | undefined {
  return firstLeftOut(warnings.filter((text) => subjectKinds.has(warningKindOf(text))));
}

/** The reason why a policy with `children.onMissing: Refuse` refuses a PipelineRun; undefined when it is stated with all its children. */
export function missingChild(warnings: readonly string[]): Problem | undefined {
  return firstLeftOut(warnings.filter((text) => childKinds.has(warningKindOf(text))));
}

/** The reason why such a policy with `children.notes: Recorded` refuses one; undefined when each child was seen finishing. */
export function unnotedChild(warnings: readonly string[]): Problem | undefined {
  const later = warnings.find((text) => warningKindOf(text) === 'ChildrenReadLater');
  return later === undefined ? undefined : { reason: reasons.ChildrenReadLater, message: later };
}

function firstLeftOut(warnings: readonly string[]): Problem | undefined {
  const missing = warnings.filter((text) => reasonOf(text) !== undefined);
  const [first] = missing;
  const reason = first === undefined ? undefined : reasonOf(first);
  if (first === undefined || reason === undefined) return undefined;
  const more = warningCount(missing) - 1;
  return { reason, message: more === 0 ? first : `${first} (and ${more} more)` };
}

function reasonOf(text: string): Reason | undefined {
  const kind = warningKindOf(text);
  return kind === undefined ? undefined : reasonOfKind[kind];
}

/** Reports a signed artifact that no backend has a place for, once every backend had its turn. */
function placeless({ artifacts, backends = [], unsigned }: RecordFacts): Problem | undefined {
  const promised = backends.filter(({ isBackfill }) => isBackfill !== true);
  if (unsigned !== undefined || promised.length === 0 || !promised.every(isSettled)) return undefined;
  const held = new Set(backends.flatMap(({ locations }) => locations.map(({ artifact }) => artifact)));
  const lost = artifacts.find(({ name, isSigned }) => isSigned && !held.has(name));
  if (lost === undefined) return undefined;
  const why = promised.find(({ problem }) => problem?.reason === reasons.NoSubjects)?.problem?.message;
  const because = why === undefined ? '' : `: ${why}`;
  return { reason: reasons.NoSubjects, message: `no backend has a place for ${lost.name}${because}` };
}

/** True when a backend is done with the record, and its status lists all of it by artifact. */
function isSettled({ state, locations, unlistedLocations = 0 }: BackendFact): boolean {
  const isDone = state !== 'Pending' && state !== 'Failed';
  return isDone && unlistedLocations === 0 && locations.every(({ artifact }) => artifact !== undefined);
}
