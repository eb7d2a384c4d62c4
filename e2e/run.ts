// SPDX-License-Identifier: Apache-2.0
// `npm test`: the static gate, the unit tests and the end-to-end tests, on real servers that are built meanwhile.
import { join } from 'node:path';
import { suiteOptions, usage, type SuiteOptions } from './suite/suite-options.ts';
import { Suite } from './suite/suite.ts';

function options(): SuiteOptions | undefined {
  try {
    return suiteOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return undefined;
  }
}

const given = options();
if (given === undefined) process.exitCode = 2;
else process.exitCode = (await new Suite(join(import.meta.dirname, '..'), given).run()) ? 0 : 1;
