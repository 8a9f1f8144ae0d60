# `suite` of .ci/run. Sourced; it counts in `passed`, `failed` and `skipped`, and writes to the folder `logs` and to the
# file `failures`.

suite() { # suite SECONDS NAME COMMAND...
  local need=$1 name=$2
  shift 2
  if (( SECONDS + need > limit_seconds )); then
    echo "SKIPPED $name: it needs about $need s, and $((limit_seconds - SECONDS)) s are left"
    skipped=$((skipped + 1))
    return
  fi
  echo "== $name"
  local started=$SECONDS
  if ! "$@" 2>&1 | tee "$logs/suite"; then
    echo "== $name FAILED after $((SECONDS - started)) s" | tee -a "$failures"
    # What failed, by name, and the last words: the output above is long, and a log viewer may show its end only.
    { grep -E '^ *(FAIL|●|✕|not ok)|[Ee]rror:' "$logs/suite" | tail -n 20 || true; tail -n 10 "$logs/suite"; } | sed 's/^/   /' >>"$failures"
    failed=$((failed + 1))
  elif awk -v word="SKIPPED $name:" 'index($0, word) == 1 { found = 1 } END { exit !found }' "$logs/suite"; then
    # A suite that cannot run says so and ends with 0.
    echo "== $name skipped itself"
    skipped=$((skipped + 1))
  else
    local parts # Jest indents what a test file prints
    parts=$(grep -c '^ *SKIPPED' "$logs/suite" || true)
    echo "== $name passed in $((SECONDS - started)) s$( ((parts == 0)) || echo "; $parts parts skipped")"
    passed=$((passed + 1))
  fi
}
