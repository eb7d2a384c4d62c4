// SPDX-License-Identifier: Apache-2.0
import { connectionsApiChannel, Producer, stringSerializers } from '@platformatic/kafka';
import { Kafka } from '../../e2e/testbed/kafka/kafka.ts';
import type { DriverWay, StorageSubject } from './storage-subject.ts';
import { NAME, SubjectBed } from './subject-bed.ts';

/** A broker; what the client says that it sends is counted. */
export async function* kafkaSubjects(): AsyncGenerator<StorageSubject, void, undefined> {
  const bed = await SubjectBed.start();
  try {
    const kafka = await Kafka.start(bed.supervisor, { topics: [NAME, 'plain'] });
    const producer = new Producer({ clientId: NAME, bootstrapBrokers: [kafka.host], serializers: stringSerializers });
    const value = bed.payload.toString();
    const direct = (): DriverWay => ({
      driver: bed.driver({
        type: 'Kafka',
        kafka: { bootstrapServers: [kafka.host], topic: NAME, plaintext: true },
      }),
      evidence: () => bed.evidence(),
    });
    yield {
      name: 'Kafka',
      direct,
      counted: () => {
        let asked = 0;
        const count = (): void => {
          asked += 1;
        };
        connectionsApiChannel.start.subscribe(count);
        const stop = (): Promise<void> => {
          connectionsApiChannel.start.unsubscribe(count);
          return Promise.resolve();
        };
        return Promise.resolve({ ...direct(), requests: () => asked, stop });
      },
      plainWrite: (index) => producer.send({ messages: [{ topic: 'plain', key: String(index), value }], acks: -1 }),
    };
    await producer.close();
  } finally {
    await bed.stop();
  }
}
