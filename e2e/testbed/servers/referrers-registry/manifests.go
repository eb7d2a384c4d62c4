// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// A change of a manifest: the library keeps manifests in memory only, so each
// accepted change is written down and done again after a restart.
type change struct {
	Method      string `json:"method"`
	Path        string `json:"path"`
	ContentType string `json:"contentType"`
	Body        []byte `json:"body"`
}

// keepManifests replays the changes in folder and records new ones there.
func keepManifests(folder string, next http.Handler) (http.Handler, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	count, err := replay(folder, next)
	if err != nil {
		return nil, err
	}
	var lock sync.Mutex
	return http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		if !strings.Contains(request.URL.Path, "/manifests/") || (request.Method != http.MethodPut && request.Method != http.MethodDelete) {
			next.ServeHTTP(response, request)
			return
		}
		body, err := io.ReadAll(request.Body)
		if err != nil {
			http.Error(response, err.Error(), http.StatusBadRequest)
			return
		}
		lock.Lock()
		defer lock.Unlock()
		request.Body = io.NopCloser(bytes.NewReader(body))
		recorder := httptest.NewRecorder()
		next.ServeHTTP(recorder, request)
		if recorder.Code < 300 {
			count++
			made := change{request.Method, request.URL.Path, request.Header.Get("Content-Type"), body}
			if err := record(filepath.Join(folder, fmt.Sprintf("%09d.json", count)), made); err != nil {
				http.Error(response, err.Error(), http.StatusInternalServerError)
				return
			}
		}
		for name, values := range recorder.Header() {
			response.Header()[name] = values
		}
		response.WriteHeader(recorder.Code)
		_, _ = response.Write(recorder.Body.Bytes())
	}), nil
}

func replay(folder string, next http.Handler) (int, error) {
	entries, err := os.ReadDir(folder) // sorted by name, which is the order of the changes
	if err != nil {
		return 0, err
	}
	count := 0
	for _, entry := range entries {
		if filepath.Ext(entry.Name()) != ".json" {
			continue // what a killed registry had only begun to write
		}
		content, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			return 0, err
		}
		var made change
		if err := json.Unmarshal(content, &made); err != nil {
			return 0, err
		}
		request := httptest.NewRequest(made.Method, made.Path, bytes.NewReader(made.Body))
		request.Header.Set("Content-Type", made.ContentType)
		recorder := httptest.NewRecorder()
		next.ServeHTTP(recorder, request)
		if recorder.Code >= 300 {
			return 0, fmt.Errorf("%s: %d %s", entry.Name(), recorder.Code, recorder.Body)
		}
		if _, err := fmt.Sscanf(entry.Name(), "%d.json", &count); err != nil {
			return 0, err
		}
	}
	return count, nil
}

func record(path string, made change) error {
	content, err := json.Marshal(made)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".part", content, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".part", path)
}
