// SPDX-License-Identifier: Apache-2.0
// `npm run --silent install-manifest`: prints the chart as one file. Arguments go to helm: -- --set image.digest=sha256:…
import { installManifest } from './install-manifest.ts';

process.stdout.write(await installManifest(process.argv.slice(2)));
