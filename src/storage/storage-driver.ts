// SPDX-License-Identifier: Apache-2.0
import { ArchivistaDriver } from './archivista/archivista-driver.ts';
import type { BackendDefinition } from './backend-definition.ts';
import type { DriverContext, StorageDriver } from './driver.ts';
import { DynamoDbDriver } from './dynamodb/dynamodb-driver.ts';
import { FirestoreDriver } from './firestore/firestore-driver.ts';
import { gcsDriver } from './gcs/gcs-driver.ts';
import { GrafeasDriver } from './grafeas/grafeas-driver.ts';
import { KafkaDriver } from './kafka/kafka-driver.ts';
import { MongoDriver } from './mongodb/mongo-driver.ts';
import { OciDriver } from './oci/oci-driver.ts';
import { s3Driver } from './s3/s3-driver.ts';
import { TektonDriver } from './tekton/tekton-driver.ts';

/** The driver of a backend. Making one does nothing yet; references and endpoints are read at each call. */
export function storageDriver(backend: BackendDefinition, context: DriverContext): StorageDriver {
  const { spec } = backend;
  switch (spec.type) {
    case 'Tekton':
      return new TektonDriver(context);
    case 'OCI':
      return new OciDriver(backend, spec.oci, context);
    case 'GCS':
      return gcsDriver(backend, spec.gcs, context);
    case 'S3':
      return s3Driver(backend, spec.s3, context);
    case 'MongoDB':
      return new MongoDriver(backend, spec.mongodb, context);
    case 'Firestore':
      return new FirestoreDriver(backend, spec.firestore, context);
    case 'DynamoDB':
      return new DynamoDbDriver(backend, spec.dynamodb, context);
    case 'Grafeas':
      return new GrafeasDriver(backend, spec.grafeas, context);
    case 'Archivista':
      return new ArchivistaDriver(backend, spec.archivista, context);
    case 'Kafka':
      return new KafkaDriver(backend, spec.kafka, context);
  }
}
