// The modules and their versions are those of bench/lab/binaries/kubernetes/go.mod: run.sh passes it with -modfile.
module tandem.test/autoscaler
