//go:build tools

// SPDX-License-Identifier: Apache-2.0

// Package tools pins what is built: github.com/sigstore/policy-controller/cmd/webhook at v0.13.1.
package tools

import _ "github.com/sigstore/policy-controller/cmd/webhook"
