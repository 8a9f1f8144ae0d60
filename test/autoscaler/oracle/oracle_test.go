package oracle

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"math/rand/v2"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/meta/testrestmapper"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/informers"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	_ "k8s.io/kubernetes/pkg/apis/apps/install"
	_ "k8s.io/kubernetes/pkg/apis/autoscaling/install"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	"k8s.io/kubernetes/pkg/controller/podautoscaler"
	"k8s.io/kubernetes/pkg/controller/podautoscaler/metrics"
)

var (
	count = flag.Int("count", 0, "pod sets or scenarios to run")
	seed  = flag.Uint64("seed", 1, "seed of the first one")
)

func TestMain(m *testing.M) {
	flag.Parse()
	klog.SetLogger(logr.Discard())
	// The default handlers slow down repeated errors by a clock that outlives a bubble, whose time starts anew.
	utilruntime.ErrorHandlers = nil
	os.Exit(m.Run())
}

// lines writes JSON lines to file descriptor 3: go test has standard output.
func lines(t *testing.T) func(any) {
	buffer := bufio.NewWriterSize(os.NewFile(3, "lines"), 1<<20)
	t.Cleanup(func() {
		if err := buffer.Flush(); err != nil {
			t.Fatal(err)
		}
	})
	encoder := json.NewEncoder(buffer)
	return func(line any) {
		if err := encoder.Encode(line); err != nil {
			t.Fatal(err)
		}
	}
}

// TestCalculator asks the real ReplicaCalculator about random pod sets.
func TestCalculator(t *testing.T) {
	write := lines(t)
	random := rand.New(rand.NewPCG(*seed, 18))
	synctest.Test(t, func(*testing.T) { // time stands still in here
		for range *count {
			set := randomPodSet(random)
			calculate(&set)
			write(&set)
		}
	})
}

// TestController runs the real HorizontalController on random scenarios in virtual time.
func TestController(t *testing.T) {
	write := lines(t)
	mapper := testrestmapper.TestOnlyStaticRESTMapper(legacyscheme.Scheme)
	for i := range *count {
		scenario, random := randomScenario(*seed + uint64(i))
		synctest.Test(t, func(t *testing.T) { live(t, newPlant(scenario, random), mapper) })
		write(scenario)
	}
}

// live runs the plant and its controller to the scenario's end. Now and then the controller restarts.
func live(t *testing.T, p *plant, mapper meta.RESTMapper) {
	ctx := context.Background()
	stop := startController(ctx, p, mapper)
	for second := range p.scenario.seconds {
		time.Sleep(time.Until(p.start.Add(time.Duration(second)*time.Second + 500*time.Millisecond)))
		if err := p.tick(ctx); err != nil {
			t.Fatalf("seed %d, second %d: %v", p.scenario.Seed, second, err)
		}
		if p.per(1) {
			time.Sleep(250 * time.Millisecond)
			stop()
			p.restart = true
			stop = startController(ctx, p, mapper)
		}
	}
	stop()
}

// startController starts what kube-controller-manager starts, and returns what stops it.
func startController(parent context.Context, p *plant, mapper meta.RESTMapper) (stop func()) {
	ctx, cancel := context.WithCancel(parent)
	factory := informers.NewSharedInformerFactory(p.clients, 0)
	flags := p.scenario.Flags
	controller := podautoscaler.NewHorizontalController(ctx, p.clients.CoreV1(), p.scales, p.clients.AutoscalingV2(), mapper,
		metrics.NewRESTMetricsClient(metricsServer{list: p.listMetrics}, nil, nil),
		factory.Autoscaling().V2().HorizontalPodAutoscalers(), factory.Core().V1().Pods(),
		millis(flags.SyncPeriodMs), millis(flags.DownscaleStabilizationMs), flags.Tolerance,
		millis(flags.CPUInitializationPeriodMs), millis(flags.InitialReadinessDelayMs))
	factory.Start(ctx.Done())
	go controller.Run(ctx, 1)
	return func() {
		cancel()
		factory.Shutdown()
		synctest.Wait()
	}
}
