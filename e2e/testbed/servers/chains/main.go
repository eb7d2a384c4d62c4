// SPDX-License-Identifier: Apache-2.0

// Tekton Chains' controller, the peer of the benchmark. Upstream's own command reads its key in /etc/signing-secrets,
// listens on port 8080, and elects a leader; this one reads the key in the folder that SIGNING_SECRETS names, serves no
// health probe, and does its work at once. It differs in that alone.
package main

import (
	"context"
	"flag"
	"os"

	"github.com/tektoncd/chains/pkg/chains"
	_ "github.com/tektoncd/chains/pkg/chains/formats/all"
	"github.com/tektoncd/chains/pkg/chains/storage"
	"github.com/tektoncd/chains/pkg/config"
	"github.com/tektoncd/chains/pkg/pipelinerunmetrics"
	chainsreconciler "github.com/tektoncd/chains/pkg/reconciler"
	"github.com/tektoncd/chains/pkg/reconciler/pipelinerun"
	"github.com/tektoncd/chains/pkg/reconciler/taskrun"
	"github.com/tektoncd/chains/pkg/taskrunmetrics"
	pipelineclient "github.com/tektoncd/pipeline/pkg/client/injection/client"
	pipelineruninformer "github.com/tektoncd/pipeline/pkg/client/injection/informers/pipeline/v1/pipelinerun"
	taskruninformer "github.com/tektoncd/pipeline/pkg/client/injection/informers/pipeline/v1/taskrun"
	pipelinerunreconciler "github.com/tektoncd/pipeline/pkg/client/injection/reconciler/pipeline/v1/pipelinerun"
	taskrunreconciler "github.com/tektoncd/pipeline/pkg/client/injection/reconciler/pipeline/v1/taskrun"
	"k8s.io/client-go/tools/cache"
	kubeclient "knative.dev/pkg/client/injection/kube/client"
	"knative.dev/pkg/configmap"
	"knative.dev/pkg/controller"
	"knative.dev/pkg/injection"
	"knative.dev/pkg/injection/sharedmain"
	"knative.dev/pkg/logging"
	"knative.dev/pkg/signals"
)

func main() {
	flag.IntVar(&controller.DefaultThreadsPerController, "threads-per-controller", controller.DefaultThreadsPerController, "workers of each controller")
	cfg := injection.ParseAndGetRESTConfigOrDie()
	// Upstream gives each of its two controllers what the flags ask for.
	cfg.QPS, cfg.Burst = 2*cfg.QPS, 2*cfg.Burst
	ctx := sharedmain.WithHADisabled(sharedmain.WithHealthProbesDisabled(signals.NewContext()))
	sharedmain.MainWithConfig(ctx, "watcher", cfg, taskRuns, pipelineRuns)
}

func taskRuns(ctx context.Context, watcher configmap.Watcher) *controller.Impl {
	signer := &chains.ObjectSigner{
		SecretPath:        os.Getenv("SIGNING_SECRETS"),
		Pipelineclientset: pipelineclient.Get(ctx),
		Recorder:          taskrunmetrics.Get(ctx),
	}
	reconciler := &taskrun.Reconciler{TaskRunSigner: signer, Pipelineclientset: pipelineclient.Get(ctx)}
	impl := taskrunreconciler.NewImpl(ctx, reconciler, options(ctx, watcher, signer, "chains.tekton.dev"))
	handle(ctx, taskruninformer.Get(ctx).Informer(), chainsreconciler.TaskRunInformerFilterFunc(nil), impl.Enqueue)
	return impl
}

func pipelineRuns(ctx context.Context, watcher configmap.Watcher) *controller.Impl {
	signer := &chains.ObjectSigner{
		SecretPath:        os.Getenv("SIGNING_SECRETS"),
		Pipelineclientset: pipelineclient.Get(ctx),
		Recorder:          pipelinerunmetrics.Get(ctx),
	}
	taskRunInformer := taskruninformer.Get(ctx)
	reconciler := &pipelinerun.Reconciler{
		PipelineRunSigner: signer,
		Pipelineclientset: pipelineclient.Get(ctx),
		TaskRunLister:     taskRunInformer.Lister(),
	}
	impl := pipelinerunreconciler.NewImpl(ctx, reconciler, options(ctx, watcher, signer, "chains.tekton.dev/pipelinerun"))
	reconciler.Tracker = impl.Tracker
	handle(ctx, pipelineruninformer.Get(ctx).Informer(), chainsreconciler.PipelineRunInformerFilterFunc(nil), impl.Enqueue)
	handle(ctx, taskRunInformer.Informer(), chainsreconciler.TaskRunInformerFilterFuncWithOwnership(nil), impl.EnqueueControllerOf)
	return impl
}

// options makes a controller that builds the signer's backends anew at each edit of the configuration.
func options(ctx context.Context, watcher configmap.Watcher, signer *chains.ObjectSigner, finalizer string) controller.OptionsFn {
	logger := logging.FromContext(ctx)
	return func(*controller.Impl) controller.Options {
		store := config.NewConfigStore(logger, func(_ string, value interface{}) {
			backends, err := storage.InitializeBackends(ctx, pipelineclient.Get(ctx), kubeclient.Get(ctx), *value.(*config.Config))
			if err != nil {
				logger.Error(err)
			}
			signer.Backends = backends
		})
		store.WatchConfigs(watcher)
		return controller.Options{SkipStatusUpdates: true, ConfigStore: store, FinalizerName: finalizer}
	}
}

func handle(ctx context.Context, informer cache.SharedIndexInformer, filter func(interface{}) bool, enqueue func(interface{})) {
	handler := cache.FilteringResourceEventHandler{FilterFunc: filter, Handler: controller.HandleAll(enqueue)}
	if _, err := informer.AddEventHandler(handler); err != nil {
		logging.FromContext(ctx).Fatalf("adding an event handler: %v", err)
	}
}
