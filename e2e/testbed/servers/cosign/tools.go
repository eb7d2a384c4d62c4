//go:build tools

// SPDX-License-Identifier: Apache-2.0

// Package tools pins what is built: github.com/sigstore/cosign/v3/cmd/cosign at v3.1.3.
package tools

import _ "github.com/sigstore/cosign/v3/cmd/cosign"
