// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dsseEnvelope } from '../../evidence/dsse-envelope.ts';
import type { SignedArtifact } from '../../evidence/artifact.ts';
import { DIGEST, statement } from '../../verify/test-signer.fixture.ts';
import { about, file, image, key, signer, verify } from './verify-command.fixture.ts';

/** Makes a run that built an image, with annotations of Tekton Chains. */
function run(annotations: Readonly<Record<string, string>>, uid = 'uid-1', built = DIGEST): object {
  const base64 = Object.entries(annotations).map(([name, text]): [string, string] => [
    `chains.tekton.dev/${name}`,
    Buffer.from(text, 'latin1').toString('base64'),
  ]);
  const metadata = { name: 'build', namespace: 'team', uid, annotations: Object.fromEntries(base64) };
  const status = { results: [{ name: 'IMAGE_DIGEST', type: 'string', value: `sha256:${built}` }] };
  return { apiVersion: 'tekton.dev/v1', kind: 'TaskRun', metadata, status };
}

/** Makes the annotations of an attestation under the UID of a run. */
function filed(of: SignedArtifact, uid = 'uid-1'): Readonly<Record<string, string>> {
  return {
    [`payload-taskrun-${uid}`]: of.payload.toString('latin1'),
    [`signature-taskrun-${uid}`]: dsseEnvelope(of),
    [`cert-taskrun-${uid}`]: '',
    [`chain-taskrun-${uid}`]: '',
  };
}

/** Makes provenance that names its run. */
function provenanceOf(invocationId: string): SignedArtifact {
  const predicate = { runDetails: { metadata: { invocationId } } };
  return signer.artifact(signer.envelope({ ...statement(), predicate }));
}

describe('hallmark verify run', () => {
  const short = DIGEST.slice(0, 12);
  const imageAnnotations = {
    [`payload-${short}`]: image.payload.toString('latin1'),
    [`signature-${short}`]: image.signature.toString('latin1'),
    [`cert-${short}`]: '',
  };
  const annotations = { ...filed(provenanceOf('uid-1')), ...imageAnnotations };

  it("verifies Tekton Chains' annotations, the run's and its images'", async () => {
    for (const asked of [[], about]) {
      const { code, out, err } = await verify('run', file('run.yaml', run(annotations)), '--key', key, ...asked);
      assert.equal(code, 0, err + out);
      assert.equal(out.match(/: verified$/gm)?.length, 2);
    }
  });

  it('refuses evidence that was copied from another run, under any name', async () => {
    const copied = run(filed(provenanceOf('uid-1'), 'uid-2'), 'uid-2');
    const { code, out } = await verify('run', file('run.yaml', copied), '--key', key, ...about);
    assert.equal(code, 1);
    assert.match(out, /SubjectMismatch: the statement is of another run/);
    const unnamed = run(filed(signer.artifact(signer.envelope())));
    assert.equal((await verify('run', file('run.yaml', unnamed), '--key', key, ...about)).code, 1);
    const elsewhere = run(imageAnnotations, 'uid-1', 'e'.repeat(64));
    const foreign = await verify('run', file('run.yaml', elsewhere), '--key', key);
    assert.equal(foreign.code, 1);
    assert.match(foreign.out, /does not name this image among its results; pass the expected subject with --digest/);
    assert.equal((await verify('run', file('run.yaml', elsewhere), '--key', key, ...about)).code, 0);
  });

  it('accepts older provenance, which names no run, only with a required subject', async () => {
    const older = run(filed(signer.artifact(signer.envelope(statement([DIGEST], 'https://slsa.dev/provenance/v0.2')))));
    assert.equal((await verify('run', file('run.yaml', older), '--key', key, ...about)).code, 0);
    const { code, out } = await verify('run', file('run.yaml', older), '--key', key);
    assert.equal(code, 1);
    assert.match(out, /does not name its run; pass the expected subject with --digest or --image/);
  });

  it('refuses annotations of another run, of another image, or without any', async () => {
    const elsewhere = run(annotations, 'uid-2');
    assert.equal((await verify('run', file('run.yaml', elsewhere), '--key', key, '--type', 'slsaprovenance1')).code, 1);
    const other = 'c'.repeat(12);
    const renamed = run({
      [`payload-${other}`]: image.payload.toString('latin1'),
      [`signature-${other}`]: image.signature.toString('latin1'),
    });
    assert.equal((await verify('run', file('run.yaml', renamed), '--key', key)).code, 1);
    assert.equal((await verify('run', file('run.yaml', run({})), '--key', key)).code, 1);
  });
});
