// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { CommanderError } from 'commander';
import { TransparencyLogEntry } from '@sigstore/protobuf-specs';
import { field, listField } from '../api/v1alpha1/field.ts';
import { dsseEnvelope } from '../evidence/dsse-envelope.ts';
import { toEvidenceArtifact } from '../evidence/evidence-artifact.ts';
import { sigstoreBundleText } from '../evidence/sigstore-bundle.ts';
import type { SignedArtifact } from '../evidence/signed-artifact.ts';
import { TestLog } from '../verify/test-log.fixture.ts';
import { DIGEST, statement, TestSigner } from '../verify/test-signer.fixture.ts';
import { verifyCommand } from './verify.ts';

process.env['KUBECONFIG'] = '/no/such/kubeconfig';
const directory = mkdtempSync(join(tmpdir(), 'hallmark-verify-'));
after(() => {
  rmSync(directory, { recursive: true });
});

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** The command within this process: fifty of its own would take a minute. */
async function verify(...args: readonly string[]): Promise<Ended> {
  const ended = { out: '', err: '' };
  const command = verifyCommand();
  for (const one of command.commands) {
    one.configureOutput({
      writeOut: (text) => (ended.out += text),
      writeErr: (text) => (ended.err += text),
    });
  }
  try {
    await command.parseAsync(args, { from: 'user' });
    return { code: Number(process.exitCode ?? 0), ...ended };
  } catch (error) {
    assert.ok(error instanceof CommanderError, String(error));
    return { code: error.exitCode, ...ended };
  } finally {
    process.exitCode = 0;
  }
}

function file(name: string, content: string | object): string {
  const path = join(directory, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const signer = new TestSigner();
const key = file('key.pub', signer.key.publicKey);
const stranger = file('stranger.pub', new TestSigner().key.publicKey);
const attestation = signer.artifact(signer.envelope());
const image = signer.artifact(signer.simpleSigning());
const about = ['--digest', `sha256:${DIGEST}`];
const log = new TestLog();
const root = file('trusted_root.json', { tlogs: [log.trust] });

function logged(artifact: SignedArtifact, verifier = signer.key.publicKey): SignedArtifact {
  const entry = log.entry({ ...artifact, form: 'Envelope', verifier, time: new Date() });
  const text = JSON.stringify(TransparencyLogEntry.toJSON(entry));
  return { ...artifact, logEntries: [{ url: 'https://log.example', logIndex: '0', entry: text }] };
}

describe('hallmark verify file', () => {
  it('verifies an envelope and a bundle, and says who signed what', async () => {
    for (const path of [file('e.json', dsseEnvelope(attestation)), file('b.json', sigstoreBundleText(attestation))]) {
      const { code, out, err } = await verify('file', path, '--key', stranger, '--key', key, ...about);
      assert.equal(code, 0, err + out);
      assert.match(out, new RegExp(`signed by key ${signer.key.keyID.replaceAll(/[+/]/g, '.')}`));
      assert.match(
        out,
        /states https:\/\/slsa.dev\/provenance\/v1\n {2}about reg.example\/app-0@sha256:a+\nverified\n$/,
      );
    }
  });

  it('ends with 1 and says why when it does not verify', async () => {
    const path = file('e.json', dsseEnvelope(attestation));
    const cases: Record<string, readonly string[]> = {
      SignatureInvalid: ['--key', stranger, ...about],
      SubjectMismatch: ['--key', key, '--image', `reg.example/app@sha256:${'b'.repeat(64)}`],
      'nothing of type https://spdx.dev/Document': ['--key', key, ...about, '--type', 'https://spdx.dev/Document'],
      LogEntryMissing: ['--key', key, ...about, '--require-log', '--trusted-root', root],
      TimestampMissing: ['--key', key, ...about, '--require-timestamp'],
    };
    for (const [said, args] of Object.entries(cases)) {
      const { code, out, err } = await verify('file', path, ...args);
      assert.equal(code, 1, said + err);
      assert.ok(out.includes(said), `${said}: ${out}`);
      assert.match(out, /NOT VERIFIED\n$/);
    }
  });

  it('ends with 1 for anything that it cannot read', async () => {
    for (const content of ['', '{', '{}', '[]', 'null', '"text"', dsseEnvelope(attestation).replace(']}', ',{}]}')]) {
      const { code, out, err } = await verify('file', file('bad.json', content), '--key', key, ...about);
      assert.equal(code, 1, `${content}: ${out}${err}`);
    }
  });

  it('verifies what a transparency log took, and refuses an entry that names another key', async () => {
    const args = ['--key', key, ...about, '--require-log', '--trusted-root', root];
    const good = await verify('file', file('logged.json', sigstoreBundleText(logged(attestation))), ...args);
    assert.equal(good.code, 0, good.err + good.out);
    assert.match(good.out, /signed before .* by a transparency log/);
    const other = logged(attestation, new TestSigner().key.publicKey);
    const bad = await verify('file', file('mislogged.json', sigstoreBundleText(other)), ...args);
    assert.equal(bad.code, 1);
    assert.match(bad.out, /LogEntryInvalid: the log entry names another key/);
  });

  it('takes a signed payload from a file where a bundle does not hold it', async () => {
    const path = file('message.json', sigstoreBundleText(image));
    const args = ['--key', key, ...about];
    assert.equal((await verify('file', path, ...args, '--payload', file('payload', image.payload.toString()))).code, 0);
    assert.equal((await verify('file', path, ...args, '--payload', file('other', '{}'))).code, 1);
    assert.equal((await verify('file', path, ...args)).code, 1);
  });

  it('verifies what hallmark sign prints of an image, with the payload that is beside the bundle', async () => {
    const bundle: unknown = JSON.parse(sigstoreBundleText(image));
    const printed = (payload: string): string => file('printed.json', [{ type: 'ImageSignature', bundle, payload }]);
    assert.equal((await verify('file', printed(image.payload.toString()), '--key', key, ...about)).code, 0);
    assert.equal((await verify('file', printed('{}'), '--key', key, ...about)).code, 1);
  });

  it('prints the same as JSON', async () => {
    const { out, code } = await verify(
      'file',
      file('e.json', dsseEnvelope(attestation)),
      '--key',
      key,
      ...about,
      '-o',
      'json',
    );
    assert.equal(code, 0);
    const value: unknown = JSON.parse(out);
    assert.equal(field(value, 'verified'), true);
    assert.equal(field(listField(value, 'artifacts')[0], 'outcome'), 'Verified');
  });

  it('ends with 2 for a command line that makes no sense, and with 3 for what cannot be read', async () => {
    const path = file('e.json', dsseEnvelope(attestation));
    const usage: readonly (readonly string[])[] = [
      [path, ...about],
      [path, '--key', key],
      [path, '--key', root, ...about],
      [path, '--key', key, '--digest', 'sha256'],
      [path, '--key', key, '--image', 'reg.example/app:latest'],
      [path, '--key', key, ...about, '--type', 'slsa'],
      [path, '--certificate-identity', 'me', ...about],
      [path, '--certificate-identity', 'me', '--certificate-oidc-issuer', 'https://i', ...about],
      [path, '--key', key, ...about, '--trusted-root', key],
      [path, '--kms', 'file:///etc/passwd', ...about],
      [path, '--key', key, ...about, '--unknown'],
      [],
    ];
    for (const args of [[], ['nonsense']]) assert.equal((await verify(...args)).code, 2, args.join(' '));
    for (const args of usage) assert.equal((await verify('file', ...args)).code, 2, args.join(' '));
    assert.equal((await verify('file', join(directory, 'none'), '--key', key, ...about)).code, 3);
    assert.equal((await verify('file', path, '--key', join(directory, 'none'), ...about)).code, 3);
    assert.equal((await verify('record', 'some-record', '--key', key, '-n', 'team')).code, 3);
  });
});

/** A record as the cluster has it. */
function record(...artifacts: readonly SignedArtifact[]): object {
  return {
    apiVersion: 'hallmark.dev/v1alpha1',
    kind: 'ProvenanceRecord',
    metadata: { name: 'build-1', namespace: 'team' },
    spec: {
      runRef: { apiVersion: 'tekton.dev/v1', kind: 'TaskRun', name: 'build', uid: 'u' },
      policyRef: { kind: 'SigningPolicy', name: 'release' },
      outcome: 'Succeeded',
      completionTime: '2026-03-01T12:00:00Z',
      mode: 'Enforce',
      serviceAccountName: 'default',
    },
    evidence: { artifacts: artifacts.map((artifact) => toEvidenceArtifact(artifact, { policyGeneration: 1 })) },
  };
}

/** A policy as the cluster has it. */
function policy(more: object = {}, keys: readonly object[] = [{ ...signer.key, state: 'Active' }]): object {
  return {
    apiVersion: 'hallmark.dev/v1alpha1',
    kind: 'SigningPolicy',
    metadata: { name: 'release', namespace: 'team' },
    spec: { signer: { type: 'Key', key: { secretRef: { name: 'k' } } }, ...more },
    status: { verificationKeys: keys },
  };
}

const listed = { ...attestation, subjects: [{ name: 'reg.example/app-0', digest: { sha256: DIGEST } }] };

describe('hallmark verify record', () => {
  it('verifies every artifact of a record in a file, by what the policy publishes', async () => {
    const path = file('record.yaml', record(listed, image));
    const { code, out, err } = await verify('record', path, '--policy', file('policy.yaml', policy()));
    assert.equal(code, 0, err + out);
    assert.match(out, /attestation of ProvenanceRecord build-1: verified/);
    assert.match(out, /image-aaaaaaaaaaaa of ProvenanceRecord build-1: verified/);
  });

  it('refuses a record in which a subject of one artifact of many differs', async () => {
    const other = signer.artifact(signer.envelope(statement(['b'.repeat(64)])));
    const lying = { ...other, name: 'image-bbbbbbbbbbbb', subjects: listed.subjects };
    const { code, out } = await verify('record', file('record.yaml', record(listed, image, lying)), '--key', key);
    assert.equal(code, 1);
    assert.match(out, /image-bbbbbbbbbbbb of ProvenanceRecord build-1: NOT VERIFIED/);
    assert.match(out, /SubjectMismatch/);
  });

  it('does not believe the public key that the record itself states', async () => {
    const path = file('record.yaml', record(listed));
    assert.equal((await verify('record', path, '--key', stranger)).code, 1);
    assert.equal((await verify('record', path)).code, 2);
  });

  it('refuses a record without evidence, with an unsigned artifact or another payload', async () => {
    const unsigned = record(listed);
    const artifact = toEvidenceArtifact(listed, { policyGeneration: 1 });
    const { signature, keyID, publicKey, ...rest } = artifact;
    assert.ok(signature !== undefined && keyID !== undefined && publicKey !== undefined);
    const bare = { ...unsigned, evidence: { artifacts: [rest] } };
    assert.equal((await verify('record', file('bare.yaml', bare), '--key', key)).code, 1);
    assert.equal((await verify('record', file('empty.yaml', record()), '--key', key)).code, 1);
    const swapped = {
      ...unsigned,
      evidence: { artifacts: [{ ...artifact, payload: 'H4sIAAAAAAAAA6uuBQBDv6ajAgAAAA==' }] },
    };
    assert.equal((await verify('record', file('swapped.yaml', swapped), '--key', key)).code, 1);
  });

  it('asks for what the policy promises: a log entry, a retired key in its time', async () => {
    const transparency = { type: 'Rekor', rekor: { url: 'https://log.example' } };
    const inline = JSON.stringify({ tlogs: [log.trust] });
    const promising = file('policy.yaml', policy({ transparency, trustedRoot: { type: 'Inline', inline } }));
    assert.equal((await verify('record', file('record.yaml', record(listed)), '--policy', promising)).code, 1);
    const good = await verify('record', file('record.yaml', record(logged(listed))), '--policy', promising);
    assert.equal(good.code, 0, good.out + good.err);
    const ended = [{ ...signer.key, state: 'Retired', notAfter: '2026-01-01T00:00:00Z' }];
    const late = file('late.yaml', policy({ trustedRoot: { type: 'Inline', inline } }, ended));
    const { code, out } = await verify('record', file('record.yaml', record(logged(listed))), '--policy', late);
    assert.equal(code, 1);
    assert.match(out, /KeyOutsideWindow/);
  });
});

/** A run with annotations as Tekton Chains writes them. */
function run(annotations: Readonly<Record<string, string>>, uid = 'uid-1'): object {
  const base64 = Object.entries(annotations).map(([name, text]): [string, string] => [
    `chains.tekton.dev/${name}`,
    Buffer.from(text, 'latin1').toString('base64'),
  ]);
  const metadata = { name: 'build', namespace: 'team', uid, annotations: Object.fromEntries(base64) };
  return { apiVersion: 'tekton.dev/v1', kind: 'TaskRun', metadata };
}

describe('hallmark verify run', () => {
  const short = DIGEST.slice(0, 12);
  const annotations = {
    'payload-taskrun-uid-1': attestation.payload.toString('latin1'),
    'signature-taskrun-uid-1': dsseEnvelope(attestation),
    'cert-taskrun-uid-1': '',
    'chain-taskrun-uid-1': '',
    [`payload-${short}`]: image.payload.toString('latin1'),
    [`signature-${short}`]: image.signature.toString('latin1'),
    [`cert-${short}`]: '',
  };

  it("verifies Tekton Chains' annotations, the run's and its images'", async () => {
    const { code, out, err } = await verify('run', file('run.yaml', run(annotations)), '--key', key, ...about);
    assert.equal(code, 0, err + out);
    assert.equal(out.match(/: verified$/gm)?.length, 2);
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
