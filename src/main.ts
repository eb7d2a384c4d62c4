// SPDX-License-Identifier: Apache-2.0
import { hostname } from 'node:os';
import { parseArgs } from 'node:util';
import { loadOperatorConfiguration } from './config/operator-configuration.ts';
import { OperatorProcess } from './operator/operator-process.ts';

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { config: { type: 'string' } } });
  const operator = new OperatorProcess({
    configuration: await loadOperatorConfiguration(values.config),
    instance: process.env['POD_NAME'] ?? hostname(),
    environment: process.env,
    exit: (exitCode) => process.exit(exitCode),
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      operator.stopOn(signal);
    });
  }
  await operator.run();
}

main().catch((error: unknown) => {
  process.stderr.write(`hallmark: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
