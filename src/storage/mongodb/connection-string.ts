// SPDX-License-Identifier: Apache-2.0

/**
 * What a team may put behind the `?`. Everything else is refused: options that read files of the operator, mechanisms that log in
 * with what lies in its environment, proxies, and switches that turn off what the backend's `tls` decides.
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

/** Why a connection string is not used, or undefined. Names options, never their values: those can be secrets. */
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
  const known = name.toLowerCase();
  if (!OPTIONS.has(known)) {
    const shown = /^[A-Za-z]{1,40}$/.test(name) ? `the option ${name}` : 'an option';
    return `has ${shown}, which is not taken; certificates are set by the backend's tls`;
  }
  if (known === 'authmechanism' && !MECHANISMS.has(value.toUpperCase()))
    return `has an authMechanism other than ${[...MECHANISMS].join(', ')}`;
  return undefined;
}

/** Whether the connection string itself turns TLS off or on; undefined when it does not say. `mongodb+srv` means TLS. */
export function statesTls(text: string): boolean | undefined {
  const query = new URLSearchParams(text.split('?')[1] ?? '');
  for (const [name, value] of query) if (/^(tls|ssl)$/i.test(name)) return value === 'true';
  return text.startsWith('mongodb+srv:') ? true : undefined;
}
