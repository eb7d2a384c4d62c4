// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { healthAnswer } from './health.ts';
import { startHttpServer } from './http-server.ts';
import { Metrics } from './metrics.ts';

describe('the health and metrics server', () => {
  it('answers 200 while all checks pass and 503 with a line for each that does not', async (t) => {
    const problems: { watch: string | undefined } = { watch: 'not listed yet' };
    const url = await serve(t, () =>
      healthAnswer('readyz', { 'watch/taskruns': () => problems.watch, lease: () => undefined }),
    );
    const failing = await fetch(url);
    assert.equal(failing.status, 503);
    assert.equal(await failing.text(), '[-]watch/taskruns failed: not listed yet\n[+]lease ok\nreadyz check failed\n');
    problems.watch = undefined;
    const passing = await fetch(url);
    assert.equal(passing.status, 200);
    assert.equal(await passing.text(), '[+]watch/taskruns ok\n[+]lease ok\nreadyz check passed\n');
  });

  it('serves metrics in the format that Prometheus reads', async (t) => {
    const metrics = new Metrics();
    metrics.runSigned('TaskRun');
    metrics.kubeRequested({ verb: 'get', resource: 'secrets', code: 403, durationMs: 20 });
    const url = await serve(t, async () => ({ status: 200, ...(await metrics.render()) }));
    const response = await fetch(url);
    const text = await response.text();
    assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
    assert.match(text, /^hallmark_runs_signed_total\{kind="TaskRun"\} 1$/m);
    assert.match(text, /^hallmark_kube_requests_total\{verb="get",resource="secrets",code="403"\} 1$/m);
    assert.match(text, /^process_resident_memory_bytes \d+/m);
  });

  it('knows its own paths alone, by GET and HEAD alone', async (t) => {
    const url = await serve(t, () => healthAnswer('livez', {}));
    assert.equal((await fetch(new URL('/other', url))).status, 404);
    assert.equal((await fetch(new URL('/check?verbose', url))).status, 200);
    assert.equal((await fetch(url, { method: 'HEAD' })).status, 200);
    assert.equal((await fetch(url, { method: 'DELETE' })).status, 405);
    assert.equal((await fetch(url, { method: 'POST', body: 'x'.repeat(100) })).status, 413);
  });

  it('answers 500 without details when a route throws', async (t) => {
    const url = await serve(t, () => {
      throw new Error('detail');
    });
    const response = await fetch(url);
    assert.equal(response.status, 500);
    assert.equal((await response.text()).includes('detail'), false);
  });

  it('takes no large headers', async (t) => {
    const url = await serve(t, () => healthAnswer('livez', {}));
    const socket = connect(Number(url.port), '127.0.0.1');
    socket.write(`GET /check HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`);
    const chunks = await Array.fromAsync(socket);
    assert.match(String(chunks[0]), /^HTTP\/1\.1 431 /);
  });

  it('says so when its port is taken', async (t) => {
    const url = await serve(t, () => healthAnswer('livez', {}));
    const second = startHttpServer({ host: '127.0.0.1', port: Number(url.port), routes: {} });
    await assert.rejects(second, /EADDRINUSE/);
  });
});

async function serve(t: TestContext, route: Parameters<typeof startHttpServer>[0]['routes'][string]): Promise<URL> {
  const server = await startHttpServer({ host: '127.0.0.1', port: 0, routes: { '/check': route } });
  t.after(() => server.close());
  return new URL(`http://127.0.0.1:${server.port}/check`);
}
