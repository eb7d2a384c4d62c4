//go:build tools

// SPDX-License-Identifier: Apache-2.0

// Package tools pins what is built: github.com/kyverno/kyverno/cmd/kyverno at v1.19.1.
package tools

import _ "github.com/kyverno/kyverno/cmd/kyverno"
