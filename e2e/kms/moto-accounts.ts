// SPDX-License-Identifier: Apache-2.0
import type { Moto } from '../testbed/moto/moto.ts';

interface UserCredentials {
  readonly id: string;
  readonly secret: string;
}

/** The answer of a pod's credential agent. */
interface Session {
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
  readonly Token: string;
  readonly Expiration: string;
}

/** Users and roles of IAM in moto, to be made before it checks credentials. */
export class MotoAccounts {
  readonly #moto: Moto;
  readonly #users = new Map<string, UserCredentials>();

  constructor(moto: Moto) {
    this.#moto = moto;
  }

  /** A user who may do this and no more. */
  async user(name: string, actions: readonly string[]): Promise<void> {
    await this.#call('iam', { Action: 'CreateUser', UserName: name });
    await this.#call('iam', { Action: 'PutUserPolicy', UserName: name, ...policy(actions) });
    const made = await this.#call('iam', { Action: 'CreateAccessKey', UserName: name });
    this.#users.set(name, { id: element(made, 'AccessKeyId'), secret: element(made, 'SecretAccessKey') });
  }

  /** A role that may do this and no more. */
  async role(name: string, actions: readonly string[]): Promise<void> {
    const trust = JSON.stringify({ Version: '2012-10-17', Statement: [] });
    await this.#call('iam', { Action: 'CreateRole', RoleName: name, AssumeRolePolicyDocument: trust });
    await this.#call('iam', { Action: 'PutRolePolicy', RoleName: name, ...policy(actions) });
  }

  credentials(user: string): UserCredentials {
    const found = this.#users.get(user);
    if (found === undefined) throw new Error(`there is no user ${user}`);
    return found;
  }

  arn(role: string): string {
    return `arn:aws:iam::123456789012:role/${role}`;
  }

  /** Credentials of a role, as an agent of a pod gives them. */
  async session(role: string): Promise<Session> {
    const given = await this.#call('sts', {
      Action: 'AssumeRoleWithWebIdentity',
      RoleArn: this.arn(role),
      RoleSessionName: 'agent',
      WebIdentityToken: 'agent',
    });
    return {
      AccessKeyId: element(given, 'AccessKeyId'),
      SecretAccessKey: element(given, 'SecretAccessKey'),
      Token: element(given, 'SessionToken'),
      Expiration: element(given, 'Expiration'),
    };
  }

  async #call(service: 'iam' | 'sts', parameters: Readonly<Record<string, string>>): Promise<string> {
    // The scope alone tells moto which service is meant.
    const authorization = `AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=x`;
    const versions = { iam: '2010-05-08', sts: '2011-06-15' };
    const body = new URLSearchParams({ Version: versions[service], ...parameters });
    const answer = await fetch(this.#moto.url, { method: 'POST', headers: { authorization }, body });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`moto answers ${parameters['Action'] ?? ''} with ${answer.status}: ${text}`);
    return text;
  }
}

function policy(actions: readonly string[]): { PolicyName: string; PolicyDocument: string } {
  const statement = { Effect: 'Allow', Action: actions, Resource: '*' };
  return {
    PolicyName: 'allowed',
    PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [statement] }),
  };
}

function element(xml: string, name: string): string {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? '';
}
