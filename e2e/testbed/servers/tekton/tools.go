//go:build tools

// SPDX-License-Identifier: Apache-2.0

// Package tools pins what is built: github.com/tektoncd/pipeline/cmd/controller at v1.15.0.
package tools

import _ "github.com/tektoncd/pipeline/cmd/controller"
