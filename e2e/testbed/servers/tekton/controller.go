// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"flag"
	"log"

	"github.com/tektoncd/pipeline/pkg/apis/pipeline"
	"github.com/tektoncd/pipeline/pkg/apis/pipeline/v1beta1"
	"github.com/tektoncd/pipeline/pkg/reconciler/pipelinerun"
	"github.com/tektoncd/pipeline/pkg/reconciler/resolutionrequest"
	"github.com/tektoncd/pipeline/pkg/reconciler/taskrun"
	"k8s.io/utils/clock"
	filteredinformerfactory "knative.dev/pkg/client/injection/kube/informers/factory/filtered"
	"knative.dev/pkg/injection"
	"knative.dev/pkg/injection/sharedmain"
)

// runController does what github.com/tektoncd/pipeline/cmd/controller does.
func runController(ctx context.Context) {
	opts := &pipeline.Options{}
	images := map[string]*string{
		"entrypoint-image":        &opts.Images.EntrypointImage,
		"sidecarlogresults-image": &opts.Images.SidecarLogResultsImage,
		"nop-image":               &opts.Images.NopImage,
		"shell-image":             &opts.Images.ShellImage,
		"shell-image-win":         &opts.Images.ShellImageWin,
		"workingdirinit-image":    &opts.Images.WorkingDirInitImage,
	}
	for name, target := range images {
		flag.StringVar(target, name, "", "an image by digest")
	}
	cfg := injection.ParseAndGetRESTConfigOrDie()
	if err := opts.Images.Validate(); err != nil {
		log.Fatal(err)
	}
	// Tests wait for this controller: the server is its own, so it need not hold back.
	cfg.QPS, cfg.Burst = 200, 400
	ctx = filteredinformerfactory.WithSelectors(ctx, v1beta1.ManagedByLabelKey)
	// One replica needs no election, which would cost a minute after an unclean end.
	ctx = sharedmain.WithHADisabled(ctx)
	sharedmain.MainWithConfig(ctx, "tekton-pipelines-controller", cfg,
		taskrun.NewController(opts, clock.RealClock{}),
		pipelinerun.NewController(opts, clock.RealClock{}),
		resolutionrequest.NewController(clock.RealClock{}),
	)
}
