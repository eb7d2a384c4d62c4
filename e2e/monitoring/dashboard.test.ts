// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { dashboard } from '../../codegen/monitoring/dashboard.ts';
import { asManifest, at, type Manifest, manifests } from '../chart/helm.ts';
import { ensureBinary } from '../testbed/binaries/ensure-binary.ts';
import { runCommand } from '../testbed/processes/run-command.ts';

/** The dashboard as the chart hands it to Grafana's sidecar. */
async function ofChart(): Promise<string> {
  const rendered = await manifests(['monitoring.dashboard.enabled=true']);
  const [found, ...others] = rendered
    .map((manifest) => at(manifest, 'data', 'hallmark.json'))
    .filter((text) => typeof text === 'string');
  assert.ok(found !== undefined && others.length === 0);
  return found;
}

/** The place in the dashboard, and the fields to add there. */
const faults: readonly (readonly [string, readonly (string | number)[], object, RegExp])[] = [
  ['an unknown field', [], { colour: 'red' }, /Dashboard: unexpected field 'colour'/],
  ['a wrong type', [], { refresh: 5 }, /refresh: json: cannot unmarshal number/],
  ['an unknown field of the time', ['time'], { start: 'now' }, /time.*unexpected field 'start'/],
  ['an unknown field of a variable', ['templating', 'list', 0], { querry: '' }, /templating.list\[0\].*'querry'/],
  ['an unknown field of a panel', ['panels', 1], { colour: 'red' }, /panels\[1\].*'colour'/],
  ['an unknown option of a panel', ['panels', 1, 'options'], { colour: 'red' }, /panels\[1\].*'colour'/],
  ['an unknown field of a query', ['panels', 1, 'targets', 0], { expression: '' }, /targets\[0\].*'expression'/],
];

describe("Grafana's own reader of dashboards", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'hallmark-dashboard-'));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  async function read(text: string): Promise<void> {
    const path = join(folder, 'dashboard.json');
    writeFileSync(path, text);
    await runCommand(await ensureBinary('dashboard-check'), [path], { env: {} });
  }

  it('takes the dashboard of the chart', async () => {
    await read(await ofChart());
  });

  for (const [title, path, fields, message] of faults)
    it(`refuses ${title}`, async () => {
      const changed: Manifest = asManifest(JSON.parse(dashboard()));
      Object.assign(asManifest(at(changed, ...path)), fields);
      await assert.rejects(read(JSON.stringify(changed)), { stderr: message });
    });
});
