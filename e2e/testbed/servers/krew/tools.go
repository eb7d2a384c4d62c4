// SPDX-License-Identifier: Apache-2.0

//go:build tools

// Package tools names what go.mod is for: the command that the testbed builds from it.
package tools

import _ "sigs.k8s.io/krew/cmd/krew"
