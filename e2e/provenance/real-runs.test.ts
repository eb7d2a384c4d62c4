// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { ProvenanceRecord } from '../../src/api/v1alpha1/provenance-record/schema.ts';
import { at } from '../chart/helm.ts';
import { Installation } from '../harness/installation.ts';
import { conditionOf } from '../harness/record.ts';
import { newSigningKey } from '../harness/signing-key.ts';
import { CommandFailed } from '../testbed/processes/run-command.ts';
import { COMMIT, FLAVOURS, loafRun, NAMESPACE, SECRET_VALUE, SOURCE } from './bakery-pipeline.ts';
import { bakeryPolicies, type BakeryPolicyName, evidenceRepository, stories } from './bakery-policies.ts';
import { Bakery, type BakeryRun } from './bakery.ts';
import { Kitchen, SBOM_DIGEST } from './kitchen.ts';
import { shelfSource, StandIns } from './stand-ins.ts';
import {
  byProducts,
  contentOf,
  dependencies,
  entries,
  laidOpen,
  recordedPayloads,
  statementOf,
  subjectTexts,
} from './stated.ts';
import { opened, registryEnvelopes } from './stored-envelope.ts';

const ofPipelineRun = ['slsa-v1', 'in-toto', 'v2alpha3', 'v2alpha4', 'whole-tasks', 'redacted'] as const;
const ofTaskRuns = ['slsa-v1', 'v2alpha4'] as const;

describe('a pipeline with one of everything, under a policy for each format', { concurrency: 3 }, () => {
  let installation: Installation;
  let kitchen: Kitchen;
  let bakery: Bakery;
  let standIns: StandIns | undefined;
  let loaf: BakeryRun;

  before(async () => {
    installation = await Installation.start({ label: 'real-runs', replicas: 1 });
    kitchen = await Kitchen.open(installation.testbed.registry());
    installation.testbed.nodeAgent.setTektonBehaviour(kitchen.behaviour);
    bakery = await Bakery.open(installation);
    standIns = new StandIns(installation);
    loaf = await bakery.start(loafRun('loaf-1'));
    await bakery.untilFinished(loaf);
    await bakery.label(loaf, stories.everything);
  });
  after(async () => {
    await standIns?.stop();
    await installation.stop();
  });

  /** Verifies with the real cosign what a policy stored about an image of the kitchen; the envelopes it printed. */
  async function cosignVerified(
    policy: BakeryPolicyName,
    image: string,
    publicKey: string,
  ): Promise<readonly unknown[]> {
    const { testbed } = installation;
    const key = join(testbed.supervisor.dataDirectory('bakery-keys'), `${policy}.pub`);
    writeFileSync(key, publicKey);
    const { cosignType } = bakeryPolicies[policy];
    const options = ['--key', key, '--type', cosignType, '--insecure-ignore-tlog=true'];
    const env = { COSIGN_REPOSITORY: evidenceRepository(testbed.registry().host, bakeryPolicies[policy]) };
    const { stdout } = await testbed.cosign.run(['verify-attestation', ...options, kitchen.image(image).reference], {
      env,
    });
    return stdout
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
  }

  const recordOfLoaf = (policy: BakeryPolicyName): Promise<ProvenanceRecord> => bakery.record(loaf, policy);

  it('is run by Tekton with all its children', async () => {
    const children = entries(at(await bakery.object(loaf), 'status', 'childReferences'));
    const tasks = children.map((child) => `${String(child['kind'])} ${String(child['pipelineTaskName'])}`).toSorted();
    assert.deepEqual(tasks, [
      'CustomRun approve',
      ...FLAVOURS.map(() => 'TaskRun bake'),
      'TaskRun clean',
      'TaskRun fetch',
      'TaskRun pack',
      'TaskRun taste',
    ]);
  });

  for (const policy of ofPipelineRun) {
    it(`is stored under ${policy} as hallmark preview prints it offline, signed with the policy's key`, async () => {
      const record = await recordOfLoaf(policy);
      assert.equal(conditionOf(record)?.reason, 'Stored');
      const payloads = recordedPayloads(record);
      assert.deepEqual(payloads, await bakery.preview(loaf, policy));

      const publicKey = String(
        at(await installation.json(['get', 'signingpolicy', policy, '-n', NAMESPACE]), 'status', 'publicKey'),
      );
      assert.equal(publicKey, bakeryPolicies[policy].key.publicKey);
      const stored = await registryEnvelopes(installation.testbed.registry(), record);
      assert.ok(stored.length > 0);
      for (const envelope of stored) {
        assert.deepEqual(opened(envelope, publicKey), { payload: payloads[0]?.payload, isSigned: true });
        assert.equal(opened(envelope, newSigningKey().publicKey).isSigned, false);
      }
    });

    it(`is verified under ${policy} by cosign as ${bakeryPolicies[policy].cosignType}`, async () => {
      const { publicKey } = bakeryPolicies[policy].key;
      const [payload] = recordedPayloads(await recordOfLoaf(policy));
      const verified = await cosignVerified(policy, 'box', publicKey);
      assert.ok(verified.some((envelope) => opened(envelope, publicKey).payload === payload?.payload));
      await assert.rejects(cosignVerified(policy, 'box', newSigningKey().publicKey), CommandFailed);
    });
  }

  for (const policy of ofTaskRuns) {
    it(`has each of its TaskRuns that succeeded recorded under ${policy} as hallmark preview prints it`, async () => {
      // The registry has no place for evidence about a TaskRun that names nothing.
      const expected = { fetch: 'NoSubjects', bake: 'Stored', pack: 'Stored', clean: 'NoSubjects' };
      for (const [task, reason] of Object.entries(expected)) {
        const taskRuns = await bakery.taskRuns(loaf, task);
        assert.equal(taskRuns.length, task === 'bake' ? FLAVOURS.length : 1);
        for (const taskRun of taskRuns) {
          const record = await bakery.record(taskRun, policy, `jsonpath={.status.reason}=${reason}`);
          assert.equal(conditionOf(record, 'Signed')?.status, 'True');
          assert.deepEqual(recordedPayloads(record), await bakery.preview(taskRun, policy));
        }
      }
    });
  }

  it('names its CustomRun and the failure that it ignores, with uid and outcome, among the by-products of SLSA 1.0', async () => {
    const children = entries(at(await bakery.object(loaf), 'status', 'childReferences'));
    const name = String(children.find(({ kind }) => kind === 'CustomRun')?.['name']);
    const customRun = await installation.json(['get', 'customrun', name, '-n', NAMESPACE]);
    const [taste] = await bakery.taskRuns(loaf, 'taste');
    const failure = { apiVersion: 'tekton.dev/v1', kind: 'TaskRun', pipelineTaskName: 'taste', outcome: 'Failed' };
    for (const policy of ['v2alpha3', 'v2alpha4', 'whole-tasks', 'redacted'] as const) {
      const children = entries(byProducts(statementOf(await recordOfLoaf(policy))).get('hallmark/children'));
      const stated = children.toSorted((a, b) => String(a['kind']).localeCompare(String(b['kind'])));
      assert.deepEqual(stated, [
        {
          apiVersion: 'tekton.dev/v1beta1',
          kind: 'CustomRun',
          name,
          pipelineTaskName: 'approve',
          uid: at(customRun, 'metadata', 'uid'),
          outcome: 'Succeeded',
        },
        { ...failure, name: taste?.name, uid: taste?.uid },
      ]);
    }
  });

  it('states every TaskRun of the matrix, the ignored failure and the finally task', async () => {
    const names = (await bakery.taskRuns(loaf)).map((run) => run.name).toSorted();
    assert.equal(names.length, FLAVOURS.length + 4);
    const whole = dependencies(statementOf(await recordOfLoaf('whole-tasks')))
      .filter(({ name }) => name === 'pipelineTask')
      .map(contentOf);
    assert.deepEqual(whole.map((taskRun) => String(at(taskRun, 'metadata', 'name'))).toSorted(), names);
    const config = entries(at(statementOf(await recordOfLoaf('slsa-v1')), 'predicate', 'buildConfig', 'tasks'));
    assert.deepEqual(
      config.map(({ name }) => String(name)),
      ['fetch', ...FLAVOURS.map(() => 'bake'), 'taste', 'pack', 'clean'],
    );
    const taste = config.find(({ name }) => name === 'taste');
    assert.equal(at(taste, 'status'), 'Failed');
    assert.deepEqual(at(config.at(-1), 'invocation', 'parameters'), { outcome: 'Failed' });
  });

  it('finds the subjects that its TaskRuns name only with deep inspection, and its own always', async () => {
    const all = [...FLAVOURS, 'box'].map((name) => kitchen.subject(name));
    const sbom = {
      name: 'https://sbom.example.com/loaf.json',
      digest: { sha256: SBOM_DIGEST.slice('sha256:'.length) },
    };
    const expected: Readonly<Record<(typeof ofPipelineRun)[number], readonly object[]>> = {
      'slsa-v1': [kitchen.subject('box')],
      'in-toto': [...all, sbom],
      v2alpha3: [...all, sbom],
      v2alpha4: [...all, sbom],
      'whole-tasks': [kitchen.subject('box')],
      redacted: [...all, sbom],
    };
    for (const policy of ofPipelineRun) {
      const subjects = subjectTexts(at(statementOf(await recordOfLoaf(policy)), 'subject'));
      assert.deepEqual(subjects, subjectTexts(expected[policy]), policy);
    }
  });

  it('names the resolved pipeline and StepAction and the source that a step states as dependencies', async () => {
    const found = dependencies(statementOf(await recordOfLoaf('v2alpha4')));
    const [{ uri, digest }, action] = [shelfSource('loaf'), shelfSource('clone')];
    assert.deepEqual(found[0], { name: 'pipeline', uri, digest });
    assert.ok(found.some(({ name, uri: from }) => name === 'stepAction/clone' && from === action.uri));
    assert.ok(!found.some(({ name }) => name === 'stepAction/weigh'), 'Tekton states no source of a local StepAction');
    const source = found.find(({ name }) => name === 'inputs/result');
    assert.deepEqual(source, {
      name: 'inputs/result',
      uri: `git+${SOURCE.url}`,
      digest: { sha1: COMMIT },
    });
  });

  it('hides a redacted parameter everywhere in the record, and nothing else', async () => {
    const texts = async (policy: BakeryPolicyName): Promise<string> => {
      const record = await recordOfLoaf(policy);
      const payloads = recordedPayloads(record).map(({ payload }) => payload);
      return laidOpen([JSON.stringify(record), ...payloads].join('\n'));
    };
    assert.ok((await texts('whole-tasks')).includes(SECRET_VALUE), 'it is there to be hidden, inside of base64 too');
    const redacted = await texts('redacted');
    assert.ok(!redacted.includes(SECRET_VALUE));
    assert.ok(redacted.includes('--token=[redacted]'));
    const statement = statementOf(await recordOfLoaf('redacted'));
    const params = entries(at(statement, 'predicate', 'buildDefinition', 'externalParameters', 'runSpec', 'params'));
    assert.deepEqual(
      params.map(({ name, value }) => [name, value]),
      [
        ['source', SOURCE],
        ['flavours', FLAVOURS],
        ['oven-token', '[redacted]'],
      ],
    );
  });
});
