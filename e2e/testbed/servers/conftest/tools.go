//go:build tools

// SPDX-License-Identifier: Apache-2.0

// Package tools pins what is built: github.com/open-policy-agent/conftest at v0.71.1.
package tools

import _ "github.com/open-policy-agent/conftest"
