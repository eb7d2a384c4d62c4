// SPDX-License-Identifier: Apache-2.0
import type { Command } from 'commander';

/** All commands by name. Only the named one is loaded; it loads what its action needs when that runs. */
export const commands: ReadonlyMap<string, () => Promise<Command>> = new Map([
  ['preview', async () => (await import('./preview/preview.ts')).previewCommand()],
  ['sign', async () => (await import('./sign/sign.ts')).signCommand()],
  ['get', async () => (await import('./get/get.ts')).getCommand()],
  ['wait', async () => (await import('./wait/wait.ts')).waitCommand()],
  ['doctor', async () => (await import('./doctor/doctor.ts')).doctorCommand()],
  ['report', async () => (await import('./report/report.ts')).reportCommand()],
  ['explain', async () => (await import('./explain/explain.ts')).explainCommand()],
  ['verify', async () => (await import('./verify/verify.ts')).verifyCommand()],
  ['trust', async () => (await import('./trust/trust.ts')).trustCommand()],
  ['keygen', async () => (await import('./keygen/keygen.ts')).keygenCommand()],
  ['lint', async () => (await import('./lint/lint.ts')).lintCommand()],
  ['migrate', async () => (await import('./migrate/migrate.ts')).migrateCommand()],
  ['compare', async () => (await import('./compare/compare.ts')).compareCommand()],
  ['release-runs', async () => (await import('./release-runs/release-runs.ts')).releaseRunsCommand()],
  ['backfill', async () => (await import('./backfill/backfill.ts')).backfillCommand()],
  ['completion', async () => (await import('./completion/completion.ts')).completionCommand()],
]);
