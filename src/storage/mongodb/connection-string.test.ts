// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connectionStringProblem, statesTls } from './connection-string.ts';

describe('connectionStringProblem', () => {
  for (const text of [
    'mongodb://db.example',
    'mongodb://me:p%40ss@a.example:27017,b.example:27018/admin?replicaSet=rs&authSource=admin&w=majority',
    'mongodb+srv://me:secret@cluster.example/?retryWrites=true&authMechanism=SCRAM-SHA-256&readPreference=primary',
    'mongodb://[2001:db8::1]:27017/?tls=true',
  ]) {
    it(`accepts ${text}`, () => {
      assert.equal(connectionStringProblem(text), undefined);
    });
  }

  for (const [text, problem] of [
    ['', /not of the form/],
    ['https://db.example', /not of the form/],
    ['mongodb://', /not of the form/],
    ['mongodb://%2Ftmp%2Fmongodb-27017.sock', /socket/],
    ['mongodb://db.example/?tlsCertificateKeyFile=/var/run/token', /option tlsCertificateKeyFile/],
    ['mongodb://db.example/?TLSCAFILE=/etc/passwd', /option TLSCAFILE/],
    ['mongodb://db.example/?tlsAllowInvalidCertificates=true', /option tlsAllowInvalidCertificates/],
    ['mongodb://db.example/?authMechanism=MONGODB-OIDC', /authMechanism other than/],
    ['mongodb://db.example/?authMechanismProperties=ENVIRONMENT:k8s', /option authMechanismProperties/],
    ['mongodb://db.example/?proxyHost=evil.example', /option proxyHost/],
    ['mongodb://db.example/?%0Aplanted=1', /has an option, which is not taken/],
  ] as const) {
    it(`refuses ${text}`, () => {
      assert.match(connectionStringProblem(text) ?? '', problem);
    });
  }

  it('repeats no value, which can be a secret', () => {
    const problem = connectionStringProblem('mongodb://me:planted@db.example/?proxyPassword=planted') ?? '';
    assert.match(problem, /proxyPassword/);
    assert.doesNotMatch(problem, /planted/);
  });
});

describe('statesTls', () => {
  it('goes by the options, and by the scheme where they say nothing', () => {
    assert.equal(statesTls('mongodb://a/?tls=true'), true);
    assert.equal(statesTls('mongodb+srv://a/?ssl=false'), false);
    assert.equal(statesTls('mongodb+srv://a'), true);
    assert.equal(statesTls('mongodb://a'), undefined);
  });
});
