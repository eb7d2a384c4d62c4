// SPDX-License-Identifier: Apache-2.0

module hallmark.dev/testbed/dashboard-check

go 1.26.0

require github.com/grafana/grafana-foundation-sdk/go v0.0.22
