# Stages, counting, and servers that never outlive the run. Sourced by run.sh.
work=$PWD/target/test
logs=$work/logs
mkdir -p "$logs"
export RUSTDOCFLAGS="-D warnings" CARGO_TERM_COLOR=never
passed=0 failed=0 stage_pid=
wanted=("${@}")

# Stops the stage under way with all it started (each stage is a process group of its own).
stop_stage() {
    [ -n "$stage_pid" ] || return 0
    kill -TERM -- "-$stage_pid" 2>/dev/null && sleep 1
    kill -KILL -- "-$stage_pid" 2>/dev/null
    stage_pid=
}
trap 'stop_stage; exit 130' INT TERM
trap stop_stage EXIT

# stage NAME SECONDS COMMAND…: runs it under a time limit and adds up what its log counts.
# A log counts by lines `test result: … N passed; N failed` (cargo) and `checks: N passed, N failed` (ours);
# a stage that counts nothing is one check, unless it says `NAME: skipped, …`.
stage() {
    local name=$1 limit=$2 log=$logs/$1.log began status ok=0 bad=0
    shift 2
    if [ ${#wanted[@]} -gt 0 ] && [[ " ${wanted[*]} " != *" $name "* ]]; then return 0; fi
    began=$(date +%s)
    set -m
    timeout --kill-after=20 "$limit" "$@" >"$log" 2>&1 &
    stage_pid=$!
    set +m
    wait "$stage_pid"
    status=$?
    stop_stage
    read -r ok bad < <(awk '
        /^test result: /   { for (i = 2; i <= NF; i++) { if ($i ~ /^passed/) p += $(i-1); if ($i ~ /^failed/) f += $(i-1) } }
        /^checks: [0-9]+ passed, [0-9]+ failed$/ { p += $2; f += $4 }
        END { print p + 0, f + 0 }' "$log")
    if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then bad=1; fi
    if [ "$status" -eq 0 ] && [ $((ok + bad)) -eq 0 ]; then
        if grep -m 1 "^$name: skipped, " "$log"; then return 0; fi
        ok=1
    fi
    passed=$((passed + ok)) failed=$((failed + bad))
    local seconds=$(($(date +%s) - began))
    if [ "$bad" -eq 0 ] && [ "$status" -eq 0 ]; then
        printf 'ok      %-10s %5d s  %d passed\n' "$name" "$seconds" "$ok"
        return 0
    fi
    printf 'FAILED  %-10s %5d s  %d passed, %d failed (exit %d), whole log: %s\n' \
        "$name" "$seconds" "$ok" "$bad" "$status" "${log#"$PWD"/}"
    if ! grep -E '^(FAILED|Diff in|failures:|error|test .* FAILED|thread .* panicked)' "$log" | head -n 60 | sed 's/^/    /'; then
        tail -n 40 "$log" | sed 's/^/    | /'
    fi
}

finish() {
    printf '%d passed, %d failed\n' "$passed" "$failed"
    [ "$failed" -eq 0 ]
    exit
}
