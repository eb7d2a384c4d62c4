// SPDX-License-Identifier: Apache-2.0

// An HTTP proxy that serves CONNECT, with and without TLS and a password. It writes one JSON line to its log for each request.
package main

import (
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"

	"github.com/elazarl/goproxy"
)

// Names that the proxy resolves by itself: a real one asks a name server of its own.
type names map[string]string

func (known *names) String() string { return fmt.Sprint(*known) }

func (known *names) Set(text string) error { return json.Unmarshal([]byte(text), known) }

func main() {
	address := flag.String("address", "127.0.0.1:3128", "address to listen on")
	certificates := flag.String("tls", "", "folder with tls.crt and tls.key; plain HTTP when empty")
	known := names{}
	flag.Var(&known, "names", "addresses of names, as a JSON object")
	flag.Parse()
	if err := serve(*address, *certificates, known); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(address, certificates string, known names) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	if certificates != "" {
		pair, err := tls.LoadX509KeyPair(filepath.Join(certificates, "tls.crt"), filepath.Join(certificates, "tls.key"))
		if err != nil {
			return err
		}
		listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{pair}})
	}
	return http.Serve(listener, handler(known))
}

func handler(known names) http.Handler {
	proxy := goproxy.NewProxyHttpServer()
	proxy.ConnectDial = func(network, target string) (net.Conn, error) {
		host, port, err := net.SplitHostPort(target)
		if err != nil {
			return nil, err
		}
		if resolved, isKnown := known[host]; isKnown {
			host = resolved
		}
		return net.Dial(network, net.JoinHostPort(host, port))
	}
	expected := expectedCredentials()
	var lines sync.Mutex
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		admitted := expected == "" || r.Header.Get("Proxy-Authorization") == expected
		lines.Lock()
		json.NewEncoder(os.Stdout).Encode(map[string]any{"method": r.Method, "target": r.RequestURI, "admitted": admitted})
		lines.Unlock()
		if !admitted {
			w.Header().Set("Proxy-Authenticate", `Basic realm="proxy"`)
			http.Error(w, "log in first", http.StatusProxyAuthRequired)
			return
		}
		proxy.ServeHTTP(w, r)
	})
}

// The header that clients must send; empty when everybody is let through.
func expectedCredentials() string {
	username, password := os.Getenv("PROXY_USERNAME"), os.Getenv("PROXY_PASSWORD")
	if username == "" {
		return ""
	}
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(username+":"+password))
}
