module hallmark.dev/e2e/verify/verifier-crds

go 1.26

require (
	github.com/kyverno/kyverno v1.19.1
	github.com/sigstore/policy-controller v0.13.1
)
