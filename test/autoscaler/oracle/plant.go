package oracle

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	scalefake "k8s.io/client-go/scale/fake"
	core "k8s.io/client-go/testing"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
)

// plantPod is a pod and what will become of it, in seconds of the plant.
type plantPod struct {
	Pod
	runs, ready, gone float64
}

// plant is all that the controller sees: the scale target, its pods and the metrics API. It changes at half seconds only,
// while the controller syncs at whole or quarter ones, so that both sides know what a sync saw.
type plant struct {
	scenario *Scenario
	random   *rand.Rand
	start    time.Time
	clients  *fake.Clientset
	scales   *scalefake.FakeScaleClient

	replicas    int32
	created     int
	pods        []*plantPod
	metrics     []Metric
	noAPI       float64 // the metrics API fails until this second
	status      Decided
	targetShare float64
	changed     *autoscalingv2.HorizontalPodAutoscalerSpec
	restart     bool
}

func newPlant(scenario *Scenario, random *rand.Rand) *plant {
	p := &plant{scenario: scenario, random: random, start: time.Now(), replicas: 1 + random.Int32N(4), scales: &scalefake.FakeScaleClient{}}
	hpa := &autoscalingv2.HorizontalPodAutoscaler{ObjectMeta: metav1.ObjectMeta{Name: "inference", Namespace: namespace}}
	p.setSpec(hpa)
	p.clients = fake.NewSimpleClientset(hpa)
	p.clients.PrependReactor("*", "events", func(core.Action) (bool, runtime.Object, error) { return true, &v1.Event{}, nil })
	p.clients.PrependReactor("update", "horizontalpodautoscalers", func(action core.Action) (bool, runtime.Object, error) {
		if action.GetSubresource() == "status" {
			p.status.read(&action.(core.UpdateAction).GetObject().(*autoscalingv2.HorizontalPodAutoscaler).Status)
			p.lastSync().Decided = p.status
		}
		return false, nil, nil
	})
	p.scales.AddReactor("get", "deployments", func(core.Action) (bool, runtime.Object, error) { return true, p.beginSync(), nil })
	p.scales.AddReactor("update", "deployments", func(action core.Action) (bool, runtime.Object, error) {
		scale := action.(core.UpdateAction).GetObject().(*autoscalingv1.Scale)
		p.replicas = scale.Spec.Replicas
		p.status.Replicas = p.replicas
		p.lastSync().Decided = p.status
		return true, scale, nil
	})
	return p
}

func (p *plant) lastSync() *Sync { return p.scenario.Syncs[len(p.scenario.Syncs)-1] }

// beginSync records what the sync that asks for the scale will see.
func (p *plant) beginSync() *autoscalingv1.Scale {
	p.status.Replicas = p.replicas
	sync := &Sync{
		NowMs: time.Now().UnixMilli(), Restarted: p.restart, Spec: p.changed, CurrentReplicas: p.replicas,
		Pods: []Pod{}, Metrics: slices.Clone(p.metrics), Decided: p.status,
	}
	if p.noMetrics() {
		sync.Metrics = nil
	}
	for _, pod := range p.pods {
		sync.Pods = append(sync.Pods, pod.Pod)
	}
	p.scenario.Syncs = append(p.scenario.Syncs, sync)
	p.restart, p.changed = false, nil
	scale := &autoscalingv1.Scale{ObjectMeta: metav1.ObjectMeta{Name: "inference", Namespace: namespace}}
	scale.Spec.Replicas, scale.Status.Replicas, scale.Status.Selector = p.replicas, p.replicas, "app=inference"
	return scale
}

func (p *plant) now() float64 { return time.Since(p.start).Seconds() }

func (p *plant) noMetrics() bool { return len(p.metrics) == 0 || p.now() < p.noAPI }

func (p *plant) listMetrics() ([]Metric, error) {
	if p.now() < p.noAPI {
		return nil, errors.New("the server is currently unable to handle the request")
	}
	return p.metrics, nil
}

// per is whether something happens in this second that happens that often an hour in a scenario of disorder 1.
func (p *plant) per(hour float64) bool { return chance(p.random, p.scenario.disorder*hour/3600) }

func (p *plant) wholeSecondMs() int64 { return time.Now().Unix() * 1000 }

// tick is one second of the ReplicaSet, the kubelets, metrics-server and the people who operate them.
func (p *plant) tick(ctx context.Context) error {
	if p.per(1) {
		p.replicas = p.random.Int32N(20)
	}
	if p.replicas == 0 && chance(p.random, 0.01) {
		p.replicas = 1
	}
	if p.per(1) {
		if err := p.editHPA(ctx); err != nil {
			return err
		}
	}
	if p.per(2) {
		p.noAPI = p.now() + 120*p.random.Float64()
	}
	if err := p.replicate(ctx); err != nil {
		return err
	}
	for _, pod := range p.pods {
		if p.advance(pod) {
			if _, err := p.clients.CoreV1().Pods(namespace).Update(ctx, podObject(pod.Pod), metav1.UpdateOptions{}); err != nil {
				return err
			}
		}
	}
	if int(p.now())%15 == 7 {
		p.scrape()
	}
	return nil
}

// setSpec draws a spec and fills it with defaults as the API server does. The record keeps it without them.
func (p *plant) setSpec(hpa *autoscalingv2.HorizontalPodAutoscaler) {
	spec := randomSpec(p.random)
	p.changed = spec.DeepCopy()
	p.targetShare = float64(*spec.Metrics[0].Resource.Target.AverageUtilization) / 100
	hpa.Spec = spec
	legacyscheme.Scheme.Default(hpa)
}

func (p *plant) editHPA(ctx context.Context) error {
	hpas := p.clients.AutoscalingV2().HorizontalPodAutoscalers(namespace)
	hpa, err := hpas.Get(ctx, "inference", metav1.GetOptions{})
	if err != nil {
		return err
	}
	edited := hpa.DeepCopy()
	p.setSpec(edited)
	_, err = hpas.Update(ctx, edited, metav1.UpdateOptions{})
	return err
}

// replicate creates and deletes pods as a ReplicaSet does: those that are deleting or failed do not count.
func (p *plant) replicate(ctx context.Context) error {
	pods := p.clients.CoreV1().Pods(namespace)
	active := int32(0)
	for i := len(p.pods) - 1; i >= 0; i-- {
		pod := p.pods[i]
		if pod.gone > 0 && pod.gone < p.now() {
			p.pods = slices.Delete(p.pods, i, i+1)
			if err := pods.Delete(ctx, pod.Name, metav1.DeleteOptions{}); err != nil {
				return err
			}
		} else if pod.gone == 0 {
			active++
		}
	}
	for i := len(p.pods) - 1; i >= 0 && active > p.replicas; i-- {
		if pod := p.pods[i]; pod.gone == 0 {
			pod.Deleting, pod.gone = true, p.now()+5+20*p.random.Float64()
			active--
			if _, err := pods.Update(ctx, podObject(pod.Pod), metav1.UpdateOptions{}); err != nil {
				return err
			}
		}
	}
	for ; active < p.replicas; active++ {
		p.created++
		pod := &plantPod{Pod: Pod{Name: fmt.Sprintf("p%d", p.created), Phase: "Pending", CPURequestsMillis: p.scenario.requests}}
		pod.runs = p.now() + 3*p.random.Float64()
		if chance(p.random, p.scenario.disorder/20) { // no node has room
			pod.runs += 600 * p.random.Float64()
		}
		p.pods = append(p.pods, pod)
		if _, err := pods.Create(ctx, podObject(pod.Pod), metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	return nil
}

// advance moves a pod one second on and says whether it changed.
func (p *plant) advance(pod *plantPod) bool {
	switch {
	case pod.gone > 0:
		return false
	case pod.Phase == "Pending" && p.now() >= pod.runs:
		pod.Phase = "Running"
		pod.StartedAtMs = new(p.wholeSecondMs())
		pod.Ready = &Ready{Status: "False", ChangedAtMs: p.wholeSecondMs()}
		pod.ready = p.now() + pick(p.random, 1, 2, 5, 40*p.random.Float64())
		return true
	case pod.Phase != "Running":
		return false
	case p.per(0.5): // evicted: the ReplicaSet replaces it, and it stays listed
		pod.Phase, pod.gone = "Failed", p.now()+600*p.random.Float64()
		return true
	case pod.Ready.Status == "False" && p.now() >= pod.ready:
		pod.Ready = &Ready{Status: "True", ChangedAtMs: p.wholeSecondMs()}
		return true
	case pod.Ready.Status == "True" && p.per(2): // a container restarts, or a probe fails
		pod.Ready = &Ready{Status: "False", ChangedAtMs: p.wholeSecondMs()}
		pod.ready = p.now() + pick(p.random, 5, 60*p.random.Float64(), 400*p.random.Float64())
		return true
	}
	return false
}

// scrape shares the demand among the running pods; a sample is some seconds old, and some are missing.
func (p *plant) scrape() {
	var running []*plantPod
	for _, pod := range p.pods {
		if pod.Phase == "Running" {
			running = append(running, pod)
		}
	}
	p.metrics = p.metrics[:0:0]
	pods := p.scenario.demand(p, p.now()) * (1 + pick(p.random, 0, 0.05)*(p.random.Float64()-0.5))
	for _, pod := range running {
		old := p.random.Int64N(15_000)
		atMs := (time.Now().UnixMilli() - old) / 1000 * 1000
		if atMs < *pod.StartedAtMs+10_000 || chance(p.random, p.scenario.disorder/20) {
			continue
		}
		metric := Metric{Pod: pod.Name, AtMs: atMs, WindowMs: 10_000 + p.random.Int64N(10_000)}
		for _, request := range pod.CPURequestsMillis {
			share := min(pods/float64(len(running))*p.targetShare, 4)
			metric.ContainersNanos = append(metric.ContainersNanos, new(int64(float64(*request)*1e6*share)))
		}
		p.metrics = append(p.metrics, metric)
	}
}
