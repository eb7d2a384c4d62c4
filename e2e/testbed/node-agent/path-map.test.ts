// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PathMap } from './path-map.ts';

describe('PathMap', () => {
  const map = new PathMap(
    new Map([
      ['/etc/app', '/v/config'],
      ['/etc/app/keys', '/v/keys'],
      ['/tmp', '/v/tmp'],
    ]),
  );
  const cases: readonly [string, string, string][] = [
    ['a mount path itself', '/etc/app', '/v/config'],
    ['a file in a mount', '/etc/app/config.yaml', '/v/config/config.yaml'],
    ['a flag that assigns one', '--config=/etc/app/config.yaml', '--config=/v/config/config.yaml'],
    ['a mount inside a mount', '/etc/app/keys/x509.pem', '/v/keys/x509.pem'],
    ['several in a shell command', 'cat /etc/app/a>/tmp/b', 'cat /v/config/a>/v/tmp/b'],
    ['no name that merely begins alike', '/etc/application', '/etc/application'],
    ['no path that merely ends alike', '/var/tmp/x', '/var/tmp/x'],
    ['no part of an address', 'https://host/tmp/x', 'https://host/tmp/x'],
  ];
  for (const [title, text, expected] of cases) {
    it(`rewrites ${title}`, () => {
      assert.equal(map.rewrite(text), expected);
    });
  }

  it('does not rewrite what it has just written', () => {
    assert.equal(new PathMap(new Map([['/a', '/tmp/x'], ['/tmp', '/y']])).rewrite('/a/f'), '/tmp/x/f'); // prettier-ignore
  });

  it('follows the mounts of a container, with their sub-paths', () => {
    const container = {
      name: 'c',
      image: 'i',
      volumeMounts: [
        { name: 'config', mountPath: '/etc/app/' },
        { name: 'data', mountPath: '/data', subPath: 'inner' },
        { name: 'absent', mountPath: '/absent' },
      ],
    };
    const directories = new Map([
      ['config', '/v/config'],
      ['data', '/v/data'],
    ]);
    const paths = PathMap.of(container, directories);
    assert.equal(paths.rewrite('/etc/app/x /data/y /absent/z'), '/v/config/x /v/data/inner/y /absent/z');
    assert.equal(paths.folder('/data'), '/v/data/inner');
  });
});
