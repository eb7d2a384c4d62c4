// SPDX-License-Identifier: Apache-2.0
import type { SignedArtifact } from '../../src/evidence/artifact.ts';
import type { StorageDriver } from '../../src/storage/driver.ts';
import type { RunTarget } from '../../src/storage/run-target.ts';

/** A driver's way to its server. */
export interface DriverWay {
  readonly driver: StorageDriver;
  /** An artifact of a run that is not stored yet and that the driver may store. */
  evidence(): Promise<{ readonly run: RunTarget; readonly artifact: SignedArtifact }>;
}

/** A way past something that counts the driver's requests. */
export interface CountedWay extends DriverWay {
  /** The count so far. */
  requests(): number;
  stop(): Promise<void>;
}

/** A driver on its real server, and the plainest write that the server takes. */
export interface StorageSubject {
  readonly name: string;
  direct(): DriverWay;
  counted(): Promise<CountedWay>;
  plainWrite(index: number): Promise<unknown>;
}

/** Starts the servers of a family of drivers, lends its subjects one after the other, and ends the servers. */
export type SubjectFamily = () => AsyncGenerator<StorageSubject, void, undefined>;
