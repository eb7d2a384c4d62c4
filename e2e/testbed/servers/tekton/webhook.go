// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"

	"github.com/tektoncd/pipeline/pkg/apis/config"
	v1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	"github.com/tektoncd/pipeline/pkg/apis/pipeline/v1beta1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	filteredinformerfactory "knative.dev/pkg/client/injection/kube/informers/factory/filtered"
	"knative.dev/pkg/configmap"
	"knative.dev/pkg/controller"
	"knative.dev/pkg/injection"
	"knative.dev/pkg/injection/sharedmain"
	"knative.dev/pkg/logging"
	"knative.dev/pkg/system"
	"knative.dev/pkg/webhook"
	"knative.dev/pkg/webhook/certificates"
	"knative.dev/pkg/webhook/resourcesemantics"
	"knative.dev/pkg/webhook/resourcesemantics/defaulting"
	"knative.dev/pkg/webhook/resourcesemantics/validation"
)

const (
	serviceName = "tekton-pipelines-webhook"
	webhookName = "webhook.pipeline.tekton.dev"
)

// The storage versions, the only ones that the testbed's CRDs serve.
var types = map[schema.GroupVersionKind]resourcesemantics.GenericCRD{
	v1beta1.SchemeGroupVersion.WithKind("CustomRun"):  &v1beta1.CustomRun{},
	v1beta1.SchemeGroupVersion.WithKind("StepAction"): &v1beta1.StepAction{},
	v1.SchemeGroupVersion.WithKind("Task"):            &v1.Task{},
	v1.SchemeGroupVersion.WithKind("Pipeline"):        &v1.Pipeline{},
	v1.SchemeGroupVersion.WithKind("TaskRun"):         &v1.TaskRun{},
	v1.SchemeGroupVersion.WithKind("PipelineRun"):     &v1.PipelineRun{},
}

// runWebhook does what github.com/tektoncd/pipeline/cmd/webhook does, without
// conversion and without the validation of Tekton's own ConfigMaps.
func runWebhook(ctx context.Context) {
	// One binary for both commands registers the controller's informers here, too.
	ctx = filteredinformerfactory.WithSelectors(ctx, v1beta1.ManagedByLabelKey)
	ctx = injection.WithNamespaceScope(ctx, system.Namespace())
	ctx = sharedmain.WithHADisabled(ctx)
	ctx = webhook.WithOptions(ctx, webhook.Options{
		ServiceName: serviceName,
		Port:        webhook.PortFromEnv(8443),
		SecretName:  "webhook-certs",
	})
	sharedmain.MainWithContext(ctx, serviceName, certificates.NewController, newDefaulting, newValidation)
}

func newDefaulting(ctx context.Context, watcher configmap.Watcher) *controller.Impl {
	return defaulting.NewAdmissionController(ctx, webhookName, "/defaulting", types, configured(ctx, watcher), true)
}

func newValidation(ctx context.Context, watcher configmap.Watcher) *controller.Impl {
	name := "validation." + webhookName
	return validation.NewAdmissionController(ctx, name, "/resource-validation", types, configured(ctx, watcher), true)
}

// configured gives each admission request Tekton's configuration of the moment.
func configured(ctx context.Context, watcher configmap.Watcher) func(context.Context) context.Context {
	store := config.NewStore(logging.FromContext(ctx).Named("config-store"))
	store.WatchConfigs(watcher)
	return store.ToContext
}
