// SPDX-License-Identifier: Apache-2.0
// `npm run test:versions`: the main job and the rules of the API server on the oldest Kubernetes that the chart admits.
import { join } from 'node:path';
import { suiteOptions } from './suite/suite-options.ts';
import { Suite } from './suite/suite.ts';
import { say } from './testbed/binaries/build-progress.ts';
import { oldestKubernetes } from './testbed/binaries/catalog.ts';
import { ensureRecipe } from './testbed/binaries/ensure-binary.ts';

const files = [
  'e2e/main-job/first-signature.test.ts',
  'e2e/main-job/lifecycle.test.ts',
  'e2e/chart/install.test.ts',
  'e2e/chart/admission-policy.test.ts',
  'e2e/chart/ceiling-admission.test.ts',
  'e2e/api/validation.test.ts',
  'e2e/api/record-rules.test.ts',
];

const folder = await ensureRecipe(oldestKubernetes, []);
// The testbed takes from here what the folder holds; kubectl and etcd stay those of all tests.
process.env['HALLMARK_TESTBED_BIN'] = folder;
say(`testing on Kubernetes ${oldestKubernetes.version}`);
const given = suiteOptions([...files, ...process.argv.slice(2)]);
process.exitCode = (await new Suite(join(import.meta.dirname, '..'), given).run()) ? 0 : 1;
