// SPDX-License-Identifier: Apache-2.0

// Trillian's log server and log signer in one process, on its in-memory storage.
package main

import (
	"context"
	"flag"
	"net"
	"time"

	"github.com/google/trillian"
	"github.com/google/trillian/extension"
	"github.com/google/trillian/log"
	"github.com/google/trillian/monitoring"
	"github.com/google/trillian/quota"
	"github.com/google/trillian/server"
	"github.com/google/trillian/server/admin"
	"github.com/google/trillian/server/interceptor"
	"github.com/google/trillian/storage/memory"
	"github.com/google/trillian/util/clock"
	"github.com/google/trillian/util/election"
	"github.com/google/trillian/util/election2"
	"google.golang.org/grpc"
	"k8s.io/klog/v2"
)

func main() {
	klog.InitFlags(nil)
	address := flag.String("rpc-address", "127.0.0.1:8090", "where to listen for gRPC")
	flag.Parse()
	defer klog.Flush()

	metrics := monitoring.InertMetricFactory{}
	trees := memory.NewTreeStorage()
	registry := extension.Registry{
		AdminStorage:    memory.NewAdminStorage(trees),
		LogStorage:      newUniqueLeaves(memory.NewLogStorage(trees, metrics)),
		ElectionFactory: election2.NoopFactory{},
		QuotaManager:    quota.Noop(),
		MetricFactory:   metrics,
	}
	go sequence(registry)
	if err := serve(registry, *address); err != nil {
		klog.Exitf("trillian: %v", err)
	}
}

// sequence integrates what is queued, as the log signer does.
func sequence(registry extension.Registry) {
	info := log.OperationInfo{
		Registry:    registry,
		BatchSize:   1000,
		NumWorkers:  1,
		RunInterval: 50 * time.Millisecond,
		TimeSource:  clock.System,
		ElectionConfig: election.RunnerConfig{
			MasterHoldInterval: time.Hour,
			TimeSource:         clock.System,
		},
	}
	log.NewOperationManager(info, log.NewSequencerManager(registry, 0)).OperationLoop(context.Background())
}

func serve(registry extension.Registry, address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	// Turns the storage's errors into gRPC codes, as the log server does.
	rpc := grpc.NewServer(grpc.UnaryInterceptor(interceptor.ErrorWrapper))
	trillian.RegisterTrillianLogServer(rpc, server.NewTrillianLogRPCServer(registry, clock.System))
	trillian.RegisterTrillianAdminServer(rpc, admin.New(registry, []trillian.TreeType{trillian.TreeType_LOG}))
	return rpc.Serve(listener)
}
