// SPDX-License-Identifier: Apache-2.0
import { noConnections } from './network-rules.js';
import { noTestData } from './test-data-rules.js';
import { oneRecordWriter, oneStatusWriter } from './writer-rules.js';

/** The rules that no linter has, as oxlint loads them. */
export default {
  meta: { name: 'hallmark' },
  rules: {
    'no-connections': noConnections,
    'no-test-data': noTestData,
    'one-record-writer': oneRecordWriter,
    'one-status-writer': oneStatusWriter,
  },
};
