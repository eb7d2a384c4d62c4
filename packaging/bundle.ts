// SPDX-License-Identifier: Apache-2.0
// `npm run build`: makes the JavaScript of the npm package, dist/main.js and dist/cli.js.
import { join } from 'node:path';
import { writeBundle } from './write-bundle.ts';

await writeBundle(join(import.meta.dirname, '..', 'dist'));
