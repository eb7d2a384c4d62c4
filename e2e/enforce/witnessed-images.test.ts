// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { RunSigner } from '../../src/signing/run-signer.ts';
import { listField, objectField } from '../../src/json/fields.ts';
import { TufMirror } from '../../src/trust/tuf-mirror.fixture.ts';
import { account, keySigner, SigstoreBed } from '../sigstore/sigstore-bed.ts';
import type { Witnesses } from '../sigstore/sigstore-bed.ts';
import { Kyverno } from '../testbed/kyverno/kyverno.ts';
import { INCLUDED, PolicyController } from '../testbed/policy-controller/policy-controller.ts';
import { EnforceBed } from './enforce-bed.ts';
import type { PublishedTeam, PushedSubject } from './enforce-bed.ts';
import { imageSignature, provenance } from './evidence.ts';
import type { Encoding } from './evidence.ts';
import { untilKyvernoJudges, untilPolicyControllerJudges } from './until-judged.ts';

/** A team of each kind of signer, encoding and witnesses that policy-controller can check. */
interface Kind extends Witnesses {
  readonly namespace: string;
  readonly title: string;
  readonly encoding: Encoding;
  readonly isKeyless: boolean;
  /** True for one kind of each encoding. */
  readonly isJudgedInParts: boolean;
}

const kinds: readonly Kind[] = (
  [
    ['tag-key-log', 'a key and a log', 'CosignTags', false, { log: 1, isTimestamped: false }],
    ['tag-key-both', 'a key, a log and timestamps', 'CosignTags', false, { log: 1, isTimestamped: true }],
    ['tag-log', 'certificates and a log', 'CosignTags', true, { log: 1, isTimestamped: false }],
    ['tag-both', 'certificates, a log and timestamps', 'CosignTags', true, { log: 1, isTimestamped: true }],
    ['bundle-both', 'certificates, a log and timestamps', 'SigstoreBundle', true, { log: 1, isTimestamped: true }],
    ['bundle-time', 'certificates and timestamps', 'SigstoreBundle', true, { isTimestamped: true }],
  ] as const
).map(([namespace, title, encoding, isKeyless, witnesses]) => ({
  namespace,
  title,
  encoding,
  isKeyless,
  isJudgedInParts: namespace.endsWith('-both') && isKeyless,
  ...witnesses,
}));

let bed: EnforceBed;
let sigstore: SigstoreBed;
before(async () => {
  sigstore = await SigstoreBed.start({ fulcio: true, rekorV1: true, rekorV2: true, timestampAuthority: true });
  bed = await EnforceBed.start('witnessed');
  await PolicyController.start(bed.storage.plane, bed.storage.supervisor);
});
after(async () => {
  await bed.stop();
  await sigstore.stop();
});

function teamOf(kind: Kind, signer: RunSigner): PublishedTeam {
  const keyless = { fulcioURL: sigstore.stack.fulcio.url, serviceAccountName: account };
  const spec = {
    ...(kind.isKeyless ? { signer: { type: 'Keyless', keyless } } : {}),
    transparency: sigstore.transparency(kind),
    trustedRoot: { type: 'Inline', inline: sigstore.stack.trustedRoot },
  };
  return { namespace: kind.namespace, signer, encoding: kind.encoding, spec };
}

/** An image with the evidence of these kinds, witnessed. */
async function image(
  { namespace, encoding }: Pick<Kind, 'namespace' | 'encoding'>,
  signer: RunSigner,
  witnesses: Witnesses,
  parts: readonly ('signature' | 'provenance')[] = ['signature', 'provenance'],
): Promise<PushedSubject> {
  const pushed = await bed.image(`${namespace}/app`);
  const evidence = [
    ...(parts.includes('signature') ? [await imageSignature(encoding, pushed.subject, signer)] : []),
    ...(parts.includes('provenance') ? [await provenance(pushed.subject, signer)] : []),
  ];
  for (const artifact of evidence) await bed.store(encoding, await sigstore.witnessed(artifact, witnesses));
  return pushed;
}

// Each kind waits for the controller to read its policies: two at a time fill these waits.
describe('policy-controller with what hallmark trust prints', { concurrency: 2 }, () => {
  for (const kind of kinds) {
    const { namespace, encoding, title } = kind;
    it(`admits what a policy with ${title} stores as ${encoding}, and refuses what others signed`, async () => {
      await bed.namespace(namespace, INCLUDED);
      const signer = kind.isKeyless ? await sigstore.keyless() : keySigner();
      await bed.publish(teamOf(kind, signer));
      const said = await bed.applyTrust(namespace, '-o', 'policy-controller', '--enforce');
      assert.match(
        said,
        kind.encoding === 'SigstoreBundle' && kind.log !== undefined
          ? /^warning: entries in the log are not checked: /
          : /^$/,
      );
      await untilPolicyControllerJudges(bed, namespace);
      assert.equal(await bed.admits(namespace, (await image(kind, signer, kind)).reference), '');
      const strangers = await image(kind, keySigner(), kind);
      await bed.refuses(namespace, /builds-signature/, strangers.reference);
      if (!kind.isJudgedInParts) return;
      for (const [part, missing] of [
        ['signature', /builds-provenance/],
        ['provenance', /builds-signature/],
      ] as const)
        await bed.refuses(namespace, missing, (await image(kind, signer, kind, [part])).reference);
    });
  }
});

describe('Kyverno with what hallmark trust prints for a key, a log and a TUF repository', () => {
  let mirror: TufMirror;
  before(async () => {
    mirror = await TufMirror.start();
    mirror.publish(rootForKyverno(sigstore.stack.trustedRoot));
    await Kyverno.start(bed.storage.plane, bed.storage.supervisor);
  });
  after(() => mirror.down());

  for (const encoding of ['CosignTags', 'SigstoreBundle'] as const)
    it(`admits what is in the log as ${encoding}, and neither a part of it nor what is in no log`, async () => {
      const namespace = `kyverno-${encoding.toLowerCase()}`;
      const [place, signer, log] = [{ namespace, encoding }, keySigner(), { log: 1, isTimestamped: false }] as const;
      await bed.namespace(namespace);
      const data = { 'root.json': mirror.file('1.root.json') };
      await bed.cluster.create({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'tuf-root', namespace },
        data,
      });
      const trustedRoot = { type: 'TUF', tuf: { mirror: mirror.url, rootRef: { name: 'tuf-root' } } };
      await bed.publish({ ...place, signer, spec: { transparency: sigstore.transparency(log), trustedRoot } });
      assert.equal(await bed.applyTrust(namespace, '-o', 'kyverno', '--enforce'), '');
      await untilKyvernoJudges(bed, namespace);
      assert.equal(await bed.admits(namespace, (await image(place, signer, log)).reference), '');
      const unlogged = await image(place, signer, { isTimestamped: false });
      await bed.refuses(namespace, /is not signed/, unlogged.reference);
      const signed = await image(place, signer, log, ['signature']);
      await bed.refuses(namespace, /has no provenance/, signed.reference);
    });
});

/** The trusted root with a certificate log, which Kyverno wants to find in it: the testbed has none, and a key needs none. */
function rootForKyverno(trustedRoot: string): string {
  const root: unknown = JSON.parse(trustedRoot);
  return JSON.stringify({ ...objectField({ root }, 'root'), ctlogs: listField(root, 'tlogs').slice(0, 1) });
}
