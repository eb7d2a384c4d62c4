// SPDX-License-Identifier: Apache-2.0

// Command otlp-receiver is the OpenTelemetry collector's own receiver for OTLP over HTTP. It prints each request that it
// took as one line of OTLP's JSON.
package main

import (
	"context"
	"flag"
	"log"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
)

func main() {
	endpoint := flag.String("endpoint", "127.0.0.1:4318", "the address to listen on")
	flag.Parse()
	if err := serve(*endpoint); err != nil {
		log.Fatal(err)
	}
}

func serve(endpoint string) error {
	factory := otlpreceiver.NewFactory()
	config := factory.CreateDefaultConfig()
	protocols := map[string]any{"protocols": map[string]any{"http": map[string]any{"endpoint": endpoint}}}
	if err := confmap.NewFromStringMap(protocols).Unmarshal(config); err != nil {
		return err
	}
	printer, err := consumer.NewTraces(newPrinter())
	if err != nil {
		return err
	}
	settings := receiver.Settings{
		ID:                component.NewID(factory.Type()),
		TelemetrySettings: componenttest.NewNopTelemetrySettings(),
	}
	started, err := factory.CreateTraces(context.Background(), settings, config, printer)
	if err != nil {
		return err
	}
	if err := started.Start(context.Background(), componenttest.NewNopHost()); err != nil {
		return err
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	<-stop
	return started.Shutdown(context.Background())
}

// newPrinter prints requests one at a time.
func newPrinter() consumer.ConsumeTracesFunc {
	var lock sync.Mutex
	marshaler := &ptrace.JSONMarshaler{}
	return func(_ context.Context, traces ptrace.Traces) error {
		line, err := marshaler.MarshalTraces(traces)
		if err != nil {
			return err
		}
		lock.Lock()
		defer lock.Unlock()
		_, err = os.Stdout.Write(append(line, '\n'))
		return err
	}
}
