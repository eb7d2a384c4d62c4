// SPDX-License-Identifier: Apache-2.0
package main

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// role says whose ServiceAccount tokens log in, and what their tokens may do.
type role struct {
	// Method is "jwt" or "kubernetes".
	Method   string   `json:"method"`
	Audience string   `json:"audience"`
	Subject  string   `json:"subject"`
	Policies []string `json:"policies"`
	Seconds  int      `json:"seconds"`
}

type token struct {
	Policies []string  `json:"policies"`
	Until    time.Time `json:"until"`
}

// state is what the server knows besides keys. Every change is written down.
type state struct {
	mutex sync.Mutex
	file  string
	// Mounts are the paths of engines, Policies the path patterns of each policy, Roles by "auth/PATH/NAME".
	Mounts   []string            `json:"mounts"`
	Policies map[string][]string `json:"policies"`
	Roles    map[string]role     `json:"roles"`
	Tokens   map[string]token    `json:"tokens"`
}

func loadState(data, rootToken string) (*state, error) {
	s := &state{
		file:     filepath.Join(data, "state.json"),
		Mounts:   []string{"transit"},
		Policies: map[string][]string{},
		Roles:    map[string]role{},
		Tokens:   map[string]token{},
	}
	content, err := os.ReadFile(s.file)
	if err == nil {
		err = json.Unmarshal(content, s)
	} else if os.IsNotExist(err) {
		err = nil
	}
	s.Policies["root"] = []string{"**"}
	s.Tokens[rootToken] = token{Policies: []string{"root"}}
	return s, err
}

func (s *state) mounts() []string {
	return s.Mounts
}

// allows says whether a token may use a path.
func (s *state) allows(name, requested string) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	known, ok := s.Tokens[name]
	if !ok || (!known.Until.IsZero() && time.Now().After(known.Until)) {
		return false
	}
	for _, policy := range known.Policies {
		for _, pattern := range s.Policies[policy] {
			if matched, _ := path.Match(pattern, requested); matched || pattern == "**" {
				return true
			}
		}
	}
	return false
}

func (s *state) role(mount, name string) (role, bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	found, ok := s.Roles[mount+"/"+name]
	return found, ok
}

// issue makes a token that ends after some seconds; never with 0.
func (s *state) issue(policies []string, seconds int) string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	made := token{Policies: policies}
	if seconds > 0 {
		made.Until = time.Now().Add(time.Duration(seconds) * time.Second)
	}
	name := "s." + rand.Text()
	s.Tokens[name] = made
	s.save()
	return name
}

func (s *state) save() {
	content, err := json.Marshal(s)
	if err == nil {
		err = os.WriteFile(s.file, content, 0o600)
	}
	if err != nil {
		panic(err)
	}
}

// configure serves what administrators do: policies, roles, tokens and mounts. Bodies are this server's own where
// Vault's would be in its policy language.
func (s *server) configure(w http.ResponseWriter, requested string, data map[string]any) {
	parts := strings.Split(requested, "/")
	name := parts[len(parts)-1]
	state := s.state
	switch parent := strings.Join(parts[:len(parts)-1], "/"); {
	case requested == "auth/token/create":
		var body struct {
			Policies []string `json:"policies"`
			Seconds  int      `json:"seconds"`
		}
		if decode(data, &body) != nil {
			refuse(w, http.StatusBadRequest, "policies and seconds are wanted")
			return
		}
		answer(w, map[string]any{"auth": map[string]any{"client_token": state.issue(body.Policies, body.Seconds)}})
		return
	case requested == "auth/token/revoke":
		state.change(func() { delete(state.Tokens, text(data, "token")) })
	case parent == "sys/policies/acl":
		var body struct {
			Paths []string `json:"paths"`
		}
		if decode(data, &body) != nil {
			refuse(w, http.StatusBadRequest, "paths are wanted")
			return
		}
		state.change(func() { state.Policies[name] = body.Paths })
	case strings.HasSuffix(parent, "/role"):
		var body role
		if decode(data, &body) != nil {
			refuse(w, http.StatusBadRequest, "a role is wanted")
			return
		}
		state.change(func() { state.Roles[strings.TrimSuffix(parent, "role")+name] = body })
	case strings.HasPrefix(requested, "sys/mounts/"):
		mount := strings.TrimPrefix(requested, "sys/mounts/")
		if err := s.mount(mount); err != nil {
			refuse(w, http.StatusInternalServerError, err.Error())
			return
		}
		state.change(func() { state.Mounts = append(state.Mounts, mount) })
	default:
		refuse(w, http.StatusNotFound, "no handler for route \""+requested+"\"")
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *state) change(apply func()) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	apply()
	s.save()
}

func decode(data map[string]any, into any) error {
	content, err := json.Marshal(data)
	if err != nil {
		return err
	}
	return json.Unmarshal(content, into)
}
