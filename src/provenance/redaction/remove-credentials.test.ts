// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { attested, materialsOf } from '../attested.fixture.ts';
import { buildTypes } from '../slsa-v1/build-type.ts';

const secret = 'tok3n-s3cret';
const login = `bob:${secret}@`;
const digest = `sha256:${'1'.repeat(64)}`;
const sha1 = 'a'.repeat(40);

function child(url: string) {
  return {
    kind: 'TaskRun',
    metadata: { name: 'c', labels: { 'tekton.dev/pipelineTask': 't' } },
    spec: { taskRef: { resolver: 'git', params: [{ name: 'url', value: `https://${url}git.example/tasks` }] } },
    status: {
      completionTime: '2026-01-01T00:00:00Z',
      provenance: { refSource: { uri: `git+https://${url}git.example/tasks.git`, digest: { sha1 } } },
      taskSpec: { steps: [{ name: 's', script: `git clone https://${url}git.example/app` }] },
      steps: [
        {
          name: 's',
          imageID: `docker-pullable://busybox@${digest}`,
          provenance: { refSource: { uri: `https://${url}git.example/actions`, digest: { sha1 } } },
          outputs: [
            {
              name: 'o',
              buildOutput: true,
              values: [{ uri: `https://${url}files.example/a`, digest: { sha256: '1'.repeat(64) } }],
            },
          ],
        },
      ],
      results: [
        { name: 'CHAINS-GIT_URL', value: `https://${url}git.example/app` },
        { name: 'CHAINS-GIT_COMMIT', value: sha1 },
        { name: 'ARTIFACT_OUTPUTS', value: { uri: `https://${url}files.example/b`, digest, isBuildArtifact: 'true' } },
        { name: 'ARTIFACT_INPUTS', value: { uri: `https://${url}files.example/c`, digest } },
        { name: 'note', value: `see https://${url}git.example` },
        { name: 'purl', value: `pkg:oci/a?repository_url=https%3A%2F%2F${url}reg.example%2Fa` },
      ],
    },
  };
}

function run(url: string) {
  return {
    kind: 'PipelineRun',
    metadata: { name: 'p', annotations: { note: `{"url":"https://${url}git.example"}` } },
    spec: {
      params: [{ name: 'repo', value: [`https://${url}git.example/app`] }],
      pipelineRef: { resolver: 'git', params: [{ name: 'url', value: `https://${url}git.example/pipelines` }] },
    },
    status: {
      provenance: { refSource: { uri: `git+https://${url}git.example/pipelines`, digest: { sha1 } } },
      pipelineSpec: { tasks: [{ name: 't' }] },
      childReferences: [{ kind: 'TaskRun', name: 'c' }],
    },
  };
}

function stated(url: string, format: 'slsa/v1' | 'slsa/v2alpha3' | 'slsa/v2alpha4', buildType: string) {
  const statement = attested(run(url), { children: [child(url)], deepInspection: true, format, buildType });
  const decoded = statement.text.replace(/"content":"([^"]*)"/g, (_, content: string) =>
    Buffer.from(content, 'base64').toString(),
  );
  return { ...statement, decoded };
}

describe('credentials in URLs', () => {
  for (const format of ['slsa/v1', 'slsa/v2alpha3', 'slsa/v2alpha4'] as const) {
    for (const buildType of buildTypes) {
      it(`do not appear in ${format} with build type ${buildType}, and nothing else changes`, () => {
        const statement = stated(login, format, buildType);
        assert.doesNotMatch(statement.decoded, new RegExp(secret));
        assert.equal(statement.decoded, stated('', format, buildType).decoded);
        assert.doesNotMatch(statement.warnings.join('\n'), new RegExp(secret));
      });
    }
  }

  it('are reported with their path', () => {
    const places = stated(login, 'slsa/v2alpha4', buildTypes[0])
      .warnings.filter((text) => text.startsWith('CredentialRemoved: '))
      .map((text) => /in "([^"]*)" of (\w+ \w+)/.exec(text)?.slice(1).join(' of '));
    assert.ok(places.includes('spec.params[repo].value[0] of PipelineRun p'), places.join('\n'));
    assert.ok(places.includes('status.provenance.refSource.uri of TaskRun c'));
    assert.ok(places.includes('status.results[ARTIFACT_OUTPUTS].value.uri of TaskRun c'));
    assert.deepEqual(stated('', 'slsa/v2alpha4', buildTypes[0]).warnings, []);
  });

  it('do not include the user of an ssh URL, which is part of its address', () => {
    const params = [
      { name: 'CHAINS-GIT_URL', value: 'ssh://git@git.example/app' },
      { name: 'CHAINS-GIT_COMMIT', value: sha1 },
    ];
    const statement = attested({ metadata: { name: 't' }, spec: { params } });
    assert.match(JSON.stringify(materialsOf(statement)), /"uri":"git\+ssh:\/\/git@git\.example\/app\.git"/);
    assert.deepEqual(statement.warnings, []);
  });
});
