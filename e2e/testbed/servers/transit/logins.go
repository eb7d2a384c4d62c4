// SPDX-License-Identifier: Apache-2.0
package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"

	"github.com/coreos/go-oidc/v3/oidc"
)

// logins checks tokens of ServiceAccounts, by the keys that their issuer publishes or by asking the API server.
type logins struct {
	issuer string
	client *http.Client
}

func newLogins(issuer, caFile string) (*logins, error) {
	client := &http.Client{}
	if caFile != "" {
		content, err := os.ReadFile(caFile)
		if err != nil {
			return nil, err
		}
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(content)
		client.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
	}
	return &logins{issuer, client}, nil
}

func (l *logins) check(ctx context.Context, rule role, jwt string) error {
	subject, err := "", errors.New("no issuer is configured")
	switch {
	case l.issuer == "":
	case rule.Method == "kubernetes":
		subject, err = l.review(ctx, rule, jwt)
	default:
		subject, err = l.verify(ctx, rule, jwt)
	}
	if err != nil {
		return err
	}
	if subject != rule.Subject {
		return fmt.Errorf("subject %q is not the role's", subject)
	}
	return nil
}

// verify checks the signature with the keys of OIDC discovery.
func (l *logins) verify(ctx context.Context, rule role, jwt string) (string, error) {
	ctx = oidc.ClientContext(ctx, l.client)
	provider, err := oidc.NewProvider(ctx, l.issuer)
	if err != nil {
		return "", err
	}
	token, err := provider.Verifier(&oidc.Config{ClientID: rule.Audience}).Verify(ctx, jwt)
	if err != nil {
		return "", err
	}
	return token.Subject, nil
}

// review asks the API server by TokenReview, as the token's own ServiceAccount.
func (l *logins) review(ctx context.Context, rule role, jwt string) (string, error) {
	spec := map[string]any{"token": jwt, "audiences": []string{rule.Audience}}
	body, err := json.Marshal(map[string]any{
		"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": spec,
	})
	if err != nil {
		return "", err
	}
	url := l.issuer + "/apis/authentication.k8s.io/v1/tokenreviews"
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+os.Getenv("REVIEWER_TOKEN"))
	response, err := l.client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	var review struct {
		Status struct {
			Authenticated bool     `json:"authenticated"`
			Audiences     []string `json:"audiences"`
			User          struct {
				Username string `json:"username"`
			} `json:"user"`
		} `json:"status"`
	}
	if err := json.NewDecoder(response.Body).Decode(&review); err != nil {
		return "", err
	}
	if !review.Status.Authenticated || !slices.Contains(review.Status.Audiences, rule.Audience) {
		return "", errors.New("the API server does not take the token")
	}
	return review.Status.User.Username, nil
}
