// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { TrustBed, trustedRootJson } from './trust-bed.fixture.ts';
import { TrustError } from './trust-error.ts';
import type { TrustReason } from './trust-error.ts';
import type { TrustedRoots } from './trusted-roots.ts';
import { TufMirror } from './tuf-mirror.fixture.ts';
import { seedRoot } from './tuf-roots.ts';

const never = new AbortController().signal;
const HOUR_MS = 3_600_000;
const stops: (() => Promise<void>)[] = [];
afterEach(() => Promise.all(stops.splice(0).map((stop) => stop())));

let bed: TrustBed;
let mirror: TufMirror;
let initialRoot: string;

beforeEach(async () => {
  bed = new TrustBed();
  mirror = await TufMirror.start();
  stops.push(
    () => bed.stop(),
    () => mirror.down(),
  );
  initialRoot = mirror.rotate();
  mirror.publish(trustedRootJson('https://first'));
  bed.configMaps['team/tuf'] = { 'root.json': initialRoot };
});

/** Name of the only log of the trusted root. */
async function named(roots: TrustedRoots, more: object = {}): Promise<string | undefined> {
  const tuf = { mirror: mirror.url, rootRef: { name: 'tuf' }, ...more };
  const spec = { type: 'TUF', tuf } as const;
  const root = await roots.root({ spec, homeNamespace: 'team', description: 'SigningPolicy team/release' }, never);
  return root.tlogs[0]?.baseUrl;
}

async function refused(promise: Promise<unknown>, code: TrustReason, message: RegExp): Promise<void> {
  await assert.rejects(promise, (error: unknown) => {
    assert.ok(error instanceof TrustError, String(error));
    assert.match(error.message, message);
    assert.equal(error.reason, code);
    return true;
  });
}

describe('a trusted root of a TUF repository', () => {
  it('is fetched once a day, and a new one is adopted without a restart', async () => {
    const roots = bed.roots(mirror.host);
    assert.equal(await named(roots), 'https://first');
    const asked = mirror.requests.length;
    mirror.publish(trustedRootJson('https://second'));
    await bed.clock.advance(23 * HOUR_MS);
    assert.equal(await named(roots), 'https://first');
    assert.equal(mirror.requests.length, asked);
    await bed.clock.advance(HOUR_MS);
    assert.equal(await named(roots), 'https://second');
  });

  it('is asked for once by many callers at a time', async () => {
    const roots = bed.roots(mirror.host);
    await Promise.all([named(roots), named(roots), named(roots)]);
    assert.equal(mirror.requests.filter((path) => path === 'timestamp.json').length, 1);
  });

  it('outlives a restart within the day without the network', async () => {
    assert.equal(await named(bed.roots(mirror.host)), 'https://first');
    await mirror.down();
    assert.equal(await named(bed.roots(mirror.host)), 'https://first');
    await mirror.up();
  });

  it('stays in use while the mirror is down or serves invalid data, until its metadata expires', async () => {
    const roots = bed.roots(mirror.host);
    assert.equal(await named(roots), 'https://first');
    await mirror.down();
    await bed.clock.advance(25 * HOUR_MS);
    assert.equal(await named(roots), 'https://first');
    await mirror.up();
    mirror.status = 503;
    const asked = mirror.requests.length;
    assert.equal(await named(roots), 'https://first');
    assert.equal(mirror.requests.length, asked, 'a mirror that is down is not asked each time');
    await bed.clock.advance(6 * 24 * HOUR_MS);
    await refused(named(roots), 'Unavailable', /returns status 503/);
    mirror.status = 200;
    await bed.clock.advance(300_000);
    mirror.publish(trustedRootJson('https://back'), { days: 20 });
    assert.equal(await named(roots), 'https://back');
  });

  it('is adopted from the folder after a restart while the mirror is away, a day later, too', async () => {
    await named(bed.roots(mirror.host));
    await mirror.down();
    await bed.clock.advance(30 * HOUR_MS);
    assert.equal(await named(bed.roots(mirror.host)), 'https://first');
    await mirror.up();
  });

  it('follows a rotation of the root that the keys before have signed', async () => {
    const roots = bed.roots(mirror.host);
    await named(roots);
    mirror.rotate();
    mirror.rotate();
    mirror.publish(trustedRootJson('https://rotated'));
    await bed.clock.advance(24 * HOUR_MS);
    assert.equal(await named(roots), 'https://rotated');
    // Start from the first root, as a new process does.
    const newcomer = new TrustBed();
    stops.push(() => newcomer.stop());
    newcomer.configMaps['team/tuf'] = { 'root.json': initialRoot };
    assert.equal(await named(newcomer.roots(mirror.host)), 'https://rotated');
  });

  it('is refused when another key signed the new root', async () => {
    mirror.rotate({ honestly: false });
    mirror.publish(trustedRootJson('https://evil'));
    await refused(named(bed.roots(mirror.host)), 'Invalid', /not signed as it must be/);
  });

  it('is refused when it does not begin with the given root', async () => {
    const other = await TufMirror.start();
    stops.push(() => other.down());
    bed.configMaps['team/tuf'] = { 'root.json': other.rotate() };
    await refused(named(bed.roots(mirror.host)), 'Invalid', /check its initial root/);
    bed.configMaps['team/tuf'] = { 'root.json': '{}' };
    await refused(named(bed.roots(mirror.host)), 'Invalid', /check its initial root/);
  });

  it('is not taken from another policy that begins with another root', async () => {
    const roots = bed.roots(mirror.host);
    await named(roots);
    const other = await TufMirror.start();
    stops.push(() => other.down());
    bed.configMaps['team/theirs'] = { 'root.json': other.rotate() };
    await refused(named(roots, { rootRef: { name: 'theirs' } }), 'Invalid', /not signed as it must be/);
  });

  it('is refused when it has expired', async () => {
    mirror.publish(trustedRootJson('https://stale'), { days: -1 });
    await refused(named(bed.roots(mirror.host)), 'Invalid', /has expired/);
  });

  it('is not rolled back, neither within a life nor across a restart', async () => {
    mirror.publish(trustedRootJson('https://newest'), { version: 5 });
    const roots = bed.roots(mirror.host);
    assert.equal(await named(roots), 'https://newest');
    mirror.publish(trustedRootJson('https://older'), { version: 3 });
    await bed.clock.advance(25 * HOUR_MS);
    assert.equal(await named(roots), 'https://newest');
    assert.equal(await named(bed.roots(mirror.host)), 'https://newest');
  });

  it('is refused when the target is not the one that was signed', async () => {
    const [path = ''] = mirror.file('1.targets.json').match(/[0-9a-f]{64}(?="\}\})/) ?? [];
    const target = `targets/${path}.trusted_root.json`;
    assert.notEqual(mirror.file(target), '');
    mirror.replace(target, mirror.file(target).replace('first', 'fir5t'));
    await refused(named(bed.roots(mirror.host)), 'Invalid', /not signed as it must be/);
  });

  it('is refused when the mirror sends without end', async () => {
    mirror.replace('timestamp.json', 'x'.repeat(1_000_000));
    await refused(named(bed.roots(mirror.host)), 'Unavailable', /more than/);
  });

  it('is refused when it is signed and larger than any trusted root', async () => {
    mirror.publish(`${trustedRootJson('https://huge')}${' '.repeat(300_000)}`);
    await refused(named(bed.roots(mirror.host)), 'Unavailable', /more than/);
  });

  it('removes the folders of roots that no policy names any more', async () => {
    const roots = bed.roots(mirror.host);
    const lives = Array.from({ length: 70 }, (_, index) => `${initialRoot}${' '.repeat(index)}`);
    for (const [index, text] of lives.entries()) {
      bed.configMaps[`team/root-${index}`] = { 'root.json': text };
      assert.equal(await named(roots, { rootRef: { name: `root-${index}` } }), 'https://first');
      assert.equal(await named(roots), 'https://first');
    }
    assert.ok(readdirSync(bed.directory).length <= 64);
    await mirror.down();
    assert.equal(await named(bed.roots(mirror.host)), 'https://first', 'the one in use is still there');
    await mirror.up();
  });

  it('begins anew when the folder is damaged', async () => {
    await named(bed.roots(mirror.host));
    const [folder = ''] = readdirSync(bed.directory);
    writeFileSync(join(bed.directory, folder, 'root.json'), 'damaged');
    await named(bed.roots(mirror.host)).catch(() => undefined);
    await bed.clock.advance(60_000);
    assert.equal(await named(bed.roots(mirror.host)), 'https://first');
  });

  it('comes through the egress client alone', async () => {
    await refused(named(bed.roots()), 'EndpointForbidden', /127\.0\.0\.1/);
    assert.deepEqual(mirror.requests, []);
  });

  it('comes over TLS that a private authority vouches for', async () => {
    const secure = await TufMirror.start('https');
    stops.push(() => secure.down());
    bed.configMaps['team/tuf'] = { 'root.json': secure.rotate(), 'ca.crt': secure.ca };
    secure.publish(trustedRootJson('https://secure'));
    const roots = bed.roots(secure.host);
    assert.equal(await named(roots, { mirror: secure.url, caBundleRef: { name: 'tuf' } }), 'https://secure');
    await refused(named(roots, { mirror: secure.url }), 'Unavailable', /cannot be reached/);
  });

  it('needs a given root unless it is the public instance', async () => {
    await refused(named(bed.roots(mirror.host), { rootRef: undefined }), 'NotFound', /set trustedRoot\.tuf\.rootRef/);
    assert.match(seedRoot('https://tuf-repo-cdn.sigstore.dev') ?? '', /"_type": ?"root"/);
  });
});
