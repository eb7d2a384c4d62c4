// SPDX-License-Identifier: Apache-2.0

/**
 * The options that a team may use. All others are refused: options that read files of the operator, mechanisms that log in
 * with credentials in its environment, proxies, and switches that override the backend's `tls`.
 */
const OPTIONS: ReadonlySet<string> = new Set([
  'appname',
  'authmechanism',
  'authsource',
  'compressors',
  'connecttimeoutms',
  'directconnection',
  'heartbeatfrequencyms',
  'journal',
  'loadbalanced',
  'localthresholdms',
  'maxidletimems',
  'maxpoolsize',
  'minpoolsize',
  'readconcernlevel',
  'readpreference',
  'replicaset',
  'retryreads',
  'retrywrites',
  'serverselectiontimeoutms',
  'sockettimeoutms',
  'srvmaxhosts',
  'srvservicename',
  'ssl',
  'tls',
  'w',
  'waitqueuetimeoutms',
  'wtimeoutms',
]);

const MECHANISMS: ReadonlySet<string> = new Set(['DEFAULT', 'SCRAM-SHA-1', 'SCRAM-SHA-256']);

/** The reason for refusing a connection string, if any. It names options, never their values, which can be secrets. */
export function connectionStringProblem(text: string): string | undefined {
  const match = /^mongodb(\+srv)?:\/\/([^?]+)(?:\?(.*))?$/s.exec(text);
  if (match === null) return 'is not of the form mongodb://HOST or mongodb+srv://HOST';
  const [, , authority = '', query = ''] = match;
  const hosts = authority.slice(authority.lastIndexOf('@') + 1).split('/', 1)[0] ?? '';
  if (/%2f|\.sock(,|$)/i.test(hosts)) return 'names a socket in the file system, where no database of yours is';
  for (const [name, value] of new URLSearchParams(query)) {
    const problem = optionProblem(name, value);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function optionProblem(name: string, value: string): string | undefined {
  const option = name.toLowerCase();
  if (!OPTIONS.has(option)) {
    const shown = /^[A-Za-z]{1,40}$/.test(name) ? `the option ${name}` : 'an option';
    return `has ${shown}, which is not taken; certificates are set by the backend's tls`;
  }
  if (option === 'authmechanism' && !MECHANISMS.has(value.toUpperCase()))
    return `has an authMechanism other than ${[...MECHANISMS].join(', ')}`;
  return undefined;
}

/** The connection string's own setting for TLS; undefined without one. `mongodb+srv` turns TLS on. */
export function statesTls(text: string): boolean | undefined {
  const query = new URLSearchParams(text.split('?')[1] ?? '');
  for (const [name, value] of query) if (/^(tls|ssl)$/i.test(name)) return value === 'true';
  return text.startsWith('mongodb+srv:') ? true : undefined;
}
