//go:build tools

// SPDX-License-Identifier: Apache-2.0

// Package tools pins what is built: github.com/prometheus/prometheus/cmd/promtool at v0.316.0.
package tools

import _ "github.com/prometheus/prometheus/cmd/promtool"
