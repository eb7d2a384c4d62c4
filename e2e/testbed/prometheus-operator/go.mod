// SPDX-License-Identifier: Apache-2.0

module hallmark.dev/testbed/prometheus-operator

go 1.26.0

require github.com/prometheus-operator/prometheus-operator v0.85.0
