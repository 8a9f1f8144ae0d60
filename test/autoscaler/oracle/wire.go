// Package oracle runs Kubernetes' own autoscaler code on random inputs and writes what it saw and decided as JSON lines.
package oracle

import (
	"context"
	"fmt"
	"slices"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metricsapi "k8s.io/metrics/pkg/apis/metrics/v1beta1"
	resourceclient "k8s.io/metrics/pkg/client/clientset/versioned/typed/metrics/v1beta1"
)

const namespace = "default"

var podLabels = map[string]string{"app": "inference"}

// Pod, Ready and Flags have the fields of the types in bench/autoscaler/.
type Pod struct {
	Name              string   `json:"name"`
	Phase             string   `json:"phase"`
	Deleting          bool     `json:"deleting"`
	StartedAtMs       *int64   `json:"startedAtMs,omitempty"`
	Ready             *Ready   `json:"ready,omitempty"`
	CPURequestsMillis []*int64 `json:"cpuRequestsMillis"`
	// Spec of a pod that requests something itself; podObject adds the containers.
	Spec *v1.PodSpec `json:"spec,omitempty"`
}

type Ready struct {
	Status      string `json:"status"`
	ChangedAtMs int64  `json:"changedAtMs"`
}

// Metric is one pod's CPU use per container; null where the container has no sample.
type Metric struct {
	Pod             string   `json:"pod"`
	AtMs            int64    `json:"atMs"`
	WindowMs        int64    `json:"windowMs"`
	ContainersNanos []*int64 `json:"containersNanos"`
}

type Flags struct {
	SyncPeriodMs              int64   `json:"syncPeriodMs"`
	Tolerance                 float64 `json:"tolerance"`
	DownscaleStabilizationMs  int64   `json:"downscaleStabilizationMs"`
	CPUInitializationPeriodMs int64   `json:"cpuInitializationPeriodMs"`
	InitialReadinessDelayMs   int64   `json:"initialReadinessDelayMs"`
}

func millis(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }

func timeOf(ms int64) metav1.Time { return metav1.NewTime(time.UnixMilli(ms)) }

// podObject puts the third and later containers into init containers that restart, after the first that does not. A pod
// without a spec of its own has one such.
func podObject(p Pod) *v1.Pod {
	object := &v1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: p.Name, Namespace: namespace, Labels: podLabels},
		Status:     v1.PodStatus{Phase: v1.PodPhase(p.Phase)},
	}
	if p.Deleting {
		now := metav1.Now()
		object.DeletionTimestamp = &now
	}
	if p.StartedAtMs != nil {
		started := timeOf(*p.StartedAtMs)
		object.Status.StartTime = &started
	}
	if p.Ready != nil {
		object.Status.Conditions = []v1.PodCondition{{
			Type:               v1.PodReady,
			Status:             v1.ConditionStatus(p.Ready.Status),
			LastTransitionTime: timeOf(p.Ready.ChangedAtMs),
		}}
	}
	always := v1.ContainerRestartPolicyAlways
	if p.Spec != nil {
		object.Spec = *p.Spec.DeepCopy()
	} else {
		object.Spec.InitContainers = []v1.Container{once(0, new(int64(7000)))}
	}
	for i, request := range p.CPURequestsMillis {
		container := v1.Container{Name: fmt.Sprintf("c%d", i), Resources: requesting(request)}
		if i < 2 {
			object.Spec.Containers = append(object.Spec.Containers, container)
		} else {
			container.RestartPolicy = &always
			after := min(1, len(object.Spec.InitContainers))
			object.Spec.InitContainers = slices.Insert(object.Spec.InitContainers, after, container)
		}
	}
	return object
}

// once is an init container that ends before the others start.
func once(i int, millis *int64) v1.Container {
	return v1.Container{Name: fmt.Sprintf("once%d", i), Resources: requesting(millis)}
}

func requesting(millis *int64) v1.ResourceRequirements {
	requests := v1.ResourceList{v1.ResourceMemory: resource.MustParse("64Mi")}
	if millis != nil {
		requests[v1.ResourceCPU] = *resource.NewMilliQuantity(*millis, resource.DecimalSI)
	}
	return v1.ResourceRequirements{Requests: requests}
}

// metricsServer answers the metrics API from a list. Only List is ever called.
type metricsServer struct {
	resourceclient.PodMetricsInterface
	list func() ([]Metric, error)
}

func (m metricsServer) PodMetricses(string) resourceclient.PodMetricsInterface { return m }

func (m metricsServer) List(context.Context, metav1.ListOptions) (*metricsapi.PodMetricsList, error) {
	metrics, err := m.list()
	if err != nil {
		return nil, err
	}
	list := &metricsapi.PodMetricsList{}
	for _, metric := range metrics {
		item := metricsapi.PodMetrics{
			ObjectMeta: metav1.ObjectMeta{Name: metric.Pod, Namespace: namespace},
			Timestamp:  timeOf(metric.AtMs),
			Window:     metav1.Duration{Duration: millis(metric.WindowMs)},
		}
		for i, nanos := range metric.ContainersNanos {
			usage := v1.ResourceList{v1.ResourceMemory: resource.MustParse("64Mi")}
			if nanos != nil {
				usage[v1.ResourceCPU] = *resource.NewScaledQuantity(*nanos, resource.Nano)
			}
			item.Containers = append(item.Containers, metricsapi.ContainerMetrics{Name: fmt.Sprintf("c%d", i), Usage: usage})
		}
		list.Items = append(list.Items, item)
	}
	return list, nil
}
