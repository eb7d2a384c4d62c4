// SPDX-License-Identifier: Apache-2.0
import { sbom } from './packages/sbom.ts';

process.stdout.write(await sbom());
