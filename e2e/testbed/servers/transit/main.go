// SPDX-License-Identifier: Apache-2.0

// OpenBao's transit engine behind the HTTP API of Vault and OpenBao, with policies, tokens, and login by JWT and by
// Kubernetes' TokenReview around it. Keys, tokens and roles survive a restart.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"log"
	"net/http"
	"os"
	"strings"

	"github.com/hashicorp/go-hclog"
	"github.com/openbao/openbao/builtin/logical/transit"
	"github.com/openbao/openbao/sdk/v2/logical"
	"github.com/openbao/openbao/sdk/v2/physical/file"
)

type server struct {
	state   *state
	logins  *logins
	engines map[string]logical.Backend
	storage map[string]logical.Storage
	data    string
}

func main() {
	address := flag.String("address", "127.0.0.1:0", "address to listen on")
	data := flag.String("data", "", "folder that keeps keys, tokens and roles")
	issuer := flag.String("issuer", "", "OIDC issuer whose tokens the method jwt takes, and API server that the method kubernetes asks")
	ca := flag.String("ca", "", "PEM file of certificates to trust for the issuer")
	flag.Parse()

	rootToken := os.Getenv("ROOT_TOKEN")
	if rootToken == "" || *data == "" {
		log.Fatal("ROOT_TOKEN and -data are needed")
	}
	state, err := loadState(*data, rootToken)
	if err != nil {
		log.Fatal(err)
	}
	logins, err := newLogins(*issuer, *ca)
	if err != nil {
		log.Fatal(err)
	}
	s := &server{state, logins, map[string]logical.Backend{}, map[string]logical.Storage{}, *data}
	for _, mount := range state.mounts() {
		if err := s.mount(mount); err != nil {
			log.Fatal(err)
		}
	}
	log.Fatal(http.ListenAndServe(*address, s))
}

// mount starts an engine at a path such as "transit", or "team/transit" in the namespace "team".
func (s *server) mount(path string) error {
	directory := s.data + "/" + strings.ReplaceAll(path, "/", "_")
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return err
	}
	physical, err := file.NewFileBackend(map[string]string{"path": directory}, hclog.NewNullLogger())
	if err != nil {
		return err
	}
	storage := logical.NewLogicalStorage(physical)
	config := &logical.BackendConfig{
		Logger:      hclog.NewNullLogger(),
		StorageView: storage,
		System:      &logical.StaticSystemView{},
		BackendUUID: path,
	}
	engine, err := transit.Factory(context.Background(), config)
	if err != nil {
		return err
	}
	if err := engine.Initialize(context.Background(), &logical.InitializationRequest{Storage: storage}); err != nil {
		return err
	}
	s.engines[path], s.storage[path] = engine, storage
	return nil
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, ok := strings.CutPrefix(r.URL.Path, "/v1/")
	if namespace := strings.Trim(r.Header.Get("X-Vault-Namespace"), "/"); namespace != "" {
		path = namespace + "/" + path
	}
	var data map[string]any
	if r.Method == http.MethodPost || r.Method == http.MethodPut {
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&data); err != nil {
			ok = false
		}
	}
	if !ok {
		refuse(w, http.StatusBadRequest, "failed to parse the request")
		return
	}
	if path == "sys/health" {
		answer(w, map[string]any{"initialized": true, "sealed": false})
		return
	}
	if strings.HasSuffix(path, "/login") {
		s.login(w, r, strings.TrimSuffix(path, "/login"), data)
		return
	}
	if !s.state.allows(r.Header.Get("X-Vault-Token"), path) {
		refuse(w, http.StatusForbidden, "permission denied")
		return
	}
	for mount, engine := range s.engines {
		if rest, ok := strings.CutPrefix(path, mount+"/"); ok {
			s.ask(w, r, engine, &logical.Request{Path: rest, Data: data, Storage: s.storage[mount], MountPoint: mount + "/"})
			return
		}
	}
	s.configure(w, path, data)
}

// ask lets the engine answer.
func (s *server) ask(w http.ResponseWriter, r *http.Request, engine logical.Backend, request *logical.Request) {
	request.Operation = map[string]logical.Operation{
		http.MethodGet:    logical.ReadOperation,
		http.MethodPost:   logical.UpdateOperation,
		http.MethodPut:    logical.UpdateOperation,
		http.MethodDelete: logical.DeleteOperation,
	}[r.Method]
	response, err := engine.HandleRequest(r.Context(), request)
	if errors.Is(err, logical.ErrUnsupportedPath) {
		refuse(w, http.StatusNotFound, "no handler for this path")
		return
	}
	if status, err := logical.RespondErrorCommon(request, response, err); err != nil {
		refuse(w, status, err.Error())
		return
	}
	if response == nil && r.Method == http.MethodGet {
		refuse(w, http.StatusNotFound)
		return
	}
	if response == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	answer(w, map[string]any{"lease_id": "", "renewable": false, "lease_duration": 0, "data": response.Data, "auth": nil})
}

// login gives a token for a ServiceAccount's token.
func (s *server) login(w http.ResponseWriter, r *http.Request, path string, data map[string]any) {
	role, jwt := text(data, "role"), text(data, "jwt")
	rule, ok := s.state.role(path, role)
	if !ok {
		refuse(w, http.StatusBadRequest, "role \""+role+"\" could not be found")
		return
	}
	if err := s.logins.check(r.Context(), rule, jwt); err != nil {
		refuse(w, http.StatusForbidden, "permission denied")
		log.Printf("login at %s as %s: %v", path, role, err)
		return
	}
	token := s.state.issue(rule.Policies, rule.Seconds)
	answer(w, map[string]any{"auth": map[string]any{
		"client_token": token, "policies": rule.Policies, "lease_duration": rule.Seconds, "renewable": true,
	}})
}

func answer(w http.ResponseWriter, body map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(body)
}

func refuse(w http.ResponseWriter, status int, messages ...string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]any{"errors": messages})
}

func text(data map[string]any, name string) string {
	value, _ := data[name].(string)
	return value
}
