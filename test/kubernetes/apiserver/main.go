// An API server for tests: Kubernetes' own, without a change. That it is a module of its own pins all of it in go.sum, and has it
// from the module proxy, where Kubernetes publishes no program that could be installed by its name.
package main

import (
	"os"

	// The module of Istio's custom resource definitions; the smallest package of it.
	_ "istio.io/api/label"
	"k8s.io/component-base/cli"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func main() {
	os.Exit(cli.Run(app.NewAPIServerCommand()))
}
