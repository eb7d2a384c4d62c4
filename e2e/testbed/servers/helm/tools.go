//go:build tools

// SPDX-License-Identifier: Apache-2.0

// Package tools pins what is built: helm.sh/helm/v4/cmd/helm at v4.1.4.
package tools

import _ "helm.sh/helm/v4/cmd/helm"
