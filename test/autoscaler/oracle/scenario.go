package oracle

import (
	"encoding/json"
	"math"
	"math/rand/v2"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// Scenario is one HPA's history: what each sync saw and what the real controller decided.
type Scenario struct {
	Seed  uint64  `json:"seed"`
	Load  string  `json:"load"`
	Flags Flags   `json:"flags"`
	Syncs []*Sync `json:"syncs"`

	seconds int
	demand  func(p *plant, second float64) float64
	// requests of a pod's containers, and how much goes wrong: 0 is nothing.
	requests []*int64
	disorder float64
}

// Sync is one reconciliation. Spec is there if the HPA changed since the last one, Restarted if the controller did.
type Sync struct {
	NowMs           int64                                      `json:"nowMs"`
	Restarted       bool                                       `json:"restarted,omitempty"`
	Spec            *autoscalingv2.HorizontalPodAutoscalerSpec `json:"spec,omitempty"`
	CurrentReplicas int32                                      `json:"currentReplicas"`
	Pods            []Pod                                      `json:"pods"`
	Metrics         []Metric                                   `json:"metrics"`
	Decided         Decided                                    `json:"decided"`
}

// Decided is what the controller wrote: the scale, and the HPA's status.
type Decided struct {
	Replicas           int32  `json:"replicas"`
	UtilizationPercent *int32 `json:"utilizationPercent,omitempty"`
	AbleToScale        string `json:"ableToScale,omitempty"`
	ScalingActive      string `json:"scalingActive,omitempty"`
	ScalingLimited     string `json:"scalingLimited,omitempty"`
}

func (d *Decided) read(status *autoscalingv2.HorizontalPodAutoscalerStatus) {
	reasons := map[autoscalingv2.HorizontalPodAutoscalerConditionType]*string{
		autoscalingv2.AbleToScale:    &d.AbleToScale,
		autoscalingv2.ScalingActive:  &d.ScalingActive,
		autoscalingv2.ScalingLimited: &d.ScalingLimited,
	}
	for _, condition := range status.Conditions {
		if reason, known := reasons[condition.Type]; known {
			*reason = condition.Reason
		}
	}
	d.UtilizationPercent = nil
	for _, metric := range status.CurrentMetrics {
		if metric.Resource != nil {
			d.UtilizationPercent = metric.Resource.Current.AverageUtilization
		}
	}
}

// loads are demands in pods at target: 3 keeps three pods exactly at the HPA's target.
var loads = map[string]func(r *rand.Rand) func(p *plant, second float64) float64{
	"step": func(r *rand.Rand) func(*plant, float64) float64 {
		low, high, from, to := 3*r.Float64(), 12*r.Float64(), 1200*r.Float64(), 1200+1800*r.Float64()
		return func(_ *plant, second float64) float64 {
			if second > from && second < to {
				return high
			}
			return low
		}
	},
	"ramp": func(r *rand.Rand) func(*plant, float64) float64 {
		high, until := 14*r.Float64(), 600+2400*r.Float64()
		return func(_ *plant, second float64) float64 { return high * min(second, max(0, 2*until-second)) / until }
	},
	"spike": func(r *rand.Rand) func(*plant, float64) float64 {
		low, high, every, length := 4*r.Float64(), 20*r.Float64(), 200+800*r.Float64(), 10+60*r.Float64()
		return func(_ *plant, second float64) float64 {
			if math.Mod(second, every) < length {
				return high
			}
			return low
		}
	},
	"diurnal": func(r *rand.Rand) func(*plant, float64) float64 {
		middle, swing, period := 5*r.Float64(), r.Float64(), 900+2700*r.Float64()
		return func(_ *plant, second float64) float64 { return middle * (1 + swing*math.Sin(2*math.Pi*second/period)) }
	},
	"sawtooth": func(r *rand.Rand) func(*plant, float64) float64 { // between both edges of the tolerance
		period, beyond := 60+600*r.Float64(), pick(r, 0, 0, 0.01, 0.03)
		return func(p *plant, second float64) float64 {
			phase := 2*math.Mod(second, period)/period - 1
			return float64(p.replicas) * (1 + phase*(p.scenario.Flags.Tolerance+beyond))
		}
	},
}

var loadNames = []string{"step", "ramp", "spike", "diurnal", "sawtooth"}

func randomScenario(seed uint64) (*Scenario, *rand.Rand) {
	r := rand.New(rand.NewPCG(seed, 18))
	load := pick(r, loadNames...)
	scenario := &Scenario{
		Seed: seed, Load: load,
		Flags: Flags{
			SyncPeriodMs: 15_000, Tolerance: pick(r, 0.1, 0.1, 0.05),
			DownscaleStabilizationMs:  pick[int64](r, 300_000, 300_000, 60_000, 0),
			CPUInitializationPeriodMs: pick[int64](r, 300_000, 300_000, 60_000),
			InitialReadinessDelayMs:   pick[int64](r, 30_000, 30_000, 10_000),
		},
		seconds: 3600 + r.IntN(1800), demand: loads[load](r), disorder: pick(r, 0, 0, 0.5, 1, 2),
	}
	for range pick(r, 1, 1, 2) {
		scenario.requests = append(scenario.requests, new(pick[int64](r, 100, 405, 1400)))
	}
	return scenario, r
}

func randomSpec(r *rand.Rand) autoscalingv2.HorizontalPodAutoscalerSpec {
	spec := autoscalingv2.HorizontalPodAutoscalerSpec{
		ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: "inference"},
		MinReplicas:    pick(r, nil, new(int32(1)), new(int32(2)), new(int32(3))),
		MaxReplicas:    3 + r.Int32N(13),
		Metrics: []autoscalingv2.MetricSpec{{
			Type: autoscalingv2.ResourceMetricSourceType,
			Resource: &autoscalingv2.ResourceMetricSource{Name: v1.ResourceCPU, Target: autoscalingv2.MetricTarget{
				Type: autoscalingv2.UtilizationMetricType, AverageUtilization: new(pick[int32](r, 50, 60, 70, 80, 120)),
			}},
		}},
	}
	if chance(r, 0.8) {
		spec.Behavior = &autoscalingv2.HorizontalPodAutoscalerBehavior{ScaleUp: randomRules(r), ScaleDown: randomRules(r)}
	}
	return stored(spec)
}

func randomRules(r *rand.Rand) *autoscalingv2.HPAScalingRules {
	if chance(r, 0.2) {
		return nil
	}
	rules := &autoscalingv2.HPAScalingRules{
		StabilizationWindowSeconds: pick(r, nil, new(int32(0)), new(int32(15)), new(int32(30)), new(int32(150)), new(int32(600))),
		SelectPolicy: pick(r, nil, nil, new(autoscalingv2.MaxChangePolicySelect), new(autoscalingv2.MinChangePolicySelect),
			new(autoscalingv2.MinChangePolicySelect), new(autoscalingv2.DisabledPolicySelect)),
	}
	for range pick(r, 0, 1, 1, 2, 3) {
		policy := autoscalingv2.HPAScalingPolicy{PeriodSeconds: pick[int32](r, 15, 20, 30, 60, 120, 300, 600, 1800)}
		if chance(r, 0.5) {
			policy.Type, policy.Value = autoscalingv2.PodsScalingPolicy, 1+r.Int32N(5)
		} else {
			policy.Type, policy.Value = autoscalingv2.PercentScalingPolicy, pick[int32](r, 5, 10, 25, 33, 50, 100, 150, 400)
		}
		rules.Policies = append(rules.Policies, policy)
	}
	if chance(r, 0.4) {
		rules.Tolerance = new(resource.MustParse(pick(r, "0", "0.01", "0.05", "0.07", "0.125", "0.3", "1")))
	}
	return rules
}

// stored is the spec as the API server returns it: a tolerance of 0.07 comes back as 70m.
func stored(spec autoscalingv2.HorizontalPodAutoscalerSpec) (back autoscalingv2.HorizontalPodAutoscalerSpec) {
	text, err := json.Marshal(spec)
	if err == nil {
		err = json.Unmarshal(text, &back)
	}
	if err != nil {
		panic(err)
	}
	return back
}
