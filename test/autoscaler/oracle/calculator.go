package oracle

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
	"unsafe"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/kubernetes/pkg/controller/podautoscaler"
	"k8s.io/kubernetes/pkg/controller/podautoscaler/metrics"
)

// Tolerance, Settings and Proposal have the fields of the types in bench/autoscaler/.
type Tolerance struct {
	Up   float64 `json:"up"`
	Down float64 `json:"down"`
}

type Settings struct {
	MinReplicas   int32     `json:"minReplicas"`
	MaxReplicas   int32     `json:"maxReplicas"`
	TargetPercent int32     `json:"targetPercent"`
	Tolerance     Tolerance `json:"tolerance"`
}

type Proposal struct {
	Replicas           int32  `json:"replicas"`
	UtilizationPercent int32  `json:"utilizationPercent"`
	AverageCPUMillis   int64  `json:"averageCpuMillis"`
	Error              string `json:"error,omitempty"`
}

// PodSet is one call of the calculator and its answer.
type PodSet struct {
	Flags           Flags    `json:"flags"`
	Settings        Settings `json:"settings"`
	NowMs           int64    `json:"nowMs"`
	CurrentReplicas int32    `json:"currentReplicas"`
	Pods            []Pod    `json:"pods"`
	Metrics         []Metric `json:"metrics"`
	Proposal        Proposal `json:"proposal"`
}

// podList is a lister with a fixed order: the shared cache's order is random, and the first error wins.
type podList []*v1.Pod

func (l podList) List(labels.Selector) ([]*v1.Pod, error)    { return l, nil }
func (l podList) Pods(string) corelisters.PodNamespaceLister { return l }
func (l podList) Get(name string) (*v1.Pod, error)           { return nil, fmt.Errorf("no pod %s", name) }

// tolerances fills a struct whose two fields, scaleDown and scaleUp, only its own package can name.
func tolerances(t Tolerance) podautoscaler.Tolerances {
	fields := [2]float64{t.Down, t.Up}
	return *(*podautoscaler.Tolerances)(unsafe.Pointer(&fields))
}

// calculate asks the real calculator. Its clock is time.Now: call it in a bubble, where time stands still.
func calculate(set *PodSet) {
	var pods podList
	for i, pod := range set.Pods {
		object := podObject(pod)
		if pod.Spec != nil {
			set.Pods[i].Spec = &object.Spec
		}
		pods = append(pods, object)
	}
	list := func() ([]Metric, error) { return set.Metrics, nil }
	calculator := podautoscaler.NewReplicaCalculator(
		metrics.NewRESTMetricsClient(metricsServer{list: list}, nil, nil), pods,
		millis(set.Flags.CPUInitializationPeriodMs), millis(set.Flags.InitialReadinessDelayMs))
	replicas, utilization, average, _, err := calculator.GetResourceReplicas(context.Background(), set.CurrentReplicas,
		set.Settings.TargetPercent, v1.ResourceCPU, tolerances(set.Settings.Tolerance), namespace, labels.Everything(), "")
	if err != nil {
		set.Proposal = Proposal{Error: err.Error()}
		return
	}
	set.Proposal = Proposal{Replicas: replicas, UtilizationPercent: utilization, AverageCPUMillis: average}
}

func pick[T any](r *rand.Rand, items ...T) T { return items[r.IntN(len(items))] }

func chance(r *rand.Rand, probability float64) bool { return r.Float64() < probability }

// randomPodSet draws its use of CPU around the edges of the tolerance, and its times around the edges of the periods.
func randomPodSet(r *rand.Rand) PodSet {
	now := time.Now().UnixMilli()
	tolerance := pick(r, 0.1, 0.1, 0, 0.01, 0.05, 0.07, 0.3)
	set := PodSet{
		Flags: Flags{
			SyncPeriodMs: 15_000, Tolerance: 0.1, DownscaleStabilizationMs: 300_000,
			CPUInitializationPeriodMs: pick[int64](r, 300_000, 300_000, 60_000, 0),
			InitialReadinessDelayMs:   pick[int64](r, 30_000, 30_000, 10_000, 0),
		},
		Settings: Settings{
			MinReplicas: 1, MaxReplicas: 100,
			TargetPercent: pick[int32](r, 50, 60, 70, 80, 33, 100, 130, 1),
			Tolerance:     Tolerance{Up: tolerance, Down: pick(r, tolerance, 0.1, 0.25)},
		},
		NowMs: now, CurrentReplicas: 1 + r.Int32N(12), Pods: []Pod{}, Metrics: []Metric{},
	}
	factor := pick(r, 1, 1-set.Settings.Tolerance.Down, 1+tolerance, 1.02+tolerance, 0.98-tolerance, 3*r.Float64())
	noise := pick(r, 0, 0, 0.02, 0.5)
	disorder := pick(r, 0, 0, 0.05, 0.3)
	podLevel := pick(r, 0, 0, 0, 0, 0.5)
	for i := range r.IntN(13) {
		pod := randomPod(r, fmt.Sprintf("p%d", i), now, &set.Flags, disorder)
		if chance(r, podLevel) {
			pod.Spec = requestingSpec(r, pod.CPURequestsMillis)
		}
		set.Pods = append(set.Pods, pod)
		if chance(r, disorder) {
			continue
		}
		metric := Metric{Pod: pod.Name, AtMs: now - pick(r, 0, r.Int64N(60_000)), WindowMs: pick(r, 10_000, 15_000, 10_000+r.Int64N(20_000))}
		if pod.Ready != nil && chance(r, 0.1) { // the sample is exactly one window younger than the change
			metric.AtMs = pod.Ready.ChangedAtMs + metric.WindowMs + pick[int64](r, -1, 0, 1)
		}
		for _, request := range pod.CPURequestsMillis {
			if request == nil || chance(r, disorder/10) {
				metric.ContainersNanos = append(metric.ContainersNanos, nil)
				continue
			}
			share := factor * float64(set.Settings.TargetPercent) / 100 * (1 + noise*(r.Float64()-0.5))
			metric.ContainersNanos = append(metric.ContainersNanos, new(int64(float64(*request)*1e6*share)))
		}
		set.Metrics = append(set.Metrics, metric)
	}
	if chance(r, disorder/4) { // a pod that is gone still has metrics
		set.Metrics = append(set.Metrics, Metric{Pod: "gone", AtMs: now, WindowMs: 15_000, ContainersNanos: []*int64{new(int64(1e8))}})
	}
	return set
}

func randomPod(r *rand.Rand, name string, now int64, flags *Flags, disorder float64) Pod {
	pod := Pod{Name: name, Phase: "Running", CPURequestsMillis: []*int64{}}
	for range pick(r, 1, 1, 2, 3) {
		pod.CPURequestsMillis = append(pod.CPURequestsMillis, new(pick[int64](r, 100, 405, 405, 1000, 2500)))
	}
	age := pick(r, 3_600_000, r.Int64N(700_000), flags.CPUInitializationPeriodMs+pick[int64](r, -1, 0, 1))
	started := now - age
	changed := started + pick(r, 5_000, 2_000, r.Int64N(max(age, 0)+1), flags.InitialReadinessDelayMs+pick[int64](r, -1, 0, 1))
	pod.StartedAtMs = &started
	pod.Ready = &Ready{Status: "True", ChangedAtMs: changed}
	if chance(r, disorder) {
		pod.Ready.Status = pick(r, "False", "False", "False", "Unknown")
	}
	if chance(r, disorder) {
		switch r.IntN(8) {
		case 0, 1:
			pod.Deleting = true
		case 2, 3, 4:
			pod.Phase = pick(r, "Pending", "Pending", "Failed", "Succeeded", "Unknown")
		case 5:
			pod.Ready = nil
		case 6:
			pod.StartedAtMs = nil
		case 7:
			pod.CPURequestsMillis[0] = pick[*int64](r, nil, new(int64(0)))
		}
	}
	return pod
}

// requestingSpec is that of a pod that requests something itself: memory, and mostly CPU, which is often as much as its
// containers request.
func requestingSpec(r *rand.Rand, containers []*int64) *v1.PodSpec {
	var sum int64
	for _, request := range containers {
		if request != nil {
			sum += *request
		}
	}
	own := pick(r, nil, new(sum), new(sum), new(sum+r.Int64N(1000)))
	resources := requesting(own)
	spec := &v1.PodSpec{Resources: &resources}
	for i := range r.IntN(3) {
		spec.InitContainers = append(spec.InitContainers, once(i, pick(r, nil, new(int64(100)), new(sum))))
	}
	if chance(r, 0.2) {
		spec.Overhead = requesting(pick(r, nil, new(int64(20)))).Requests
	}
	return spec
}
