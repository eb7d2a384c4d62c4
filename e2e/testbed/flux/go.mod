// SPDX-License-Identifier: Apache-2.0

module hallmark.dev/testbed/flux

go 1.26.0

require (
	github.com/fluxcd/kustomize-controller v1.9.6
	github.com/fluxcd/source-controller v1.9.6
)
