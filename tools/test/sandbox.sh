# start_sandbox ARGUMENT…: starts the sandbox on free ports and sets its addresses (site, secure, standins, ca, …)
# as variables; it ends with the script that sourced this file.
sandbox_binary=${CARGO_TARGET_DIR:-target}/${PROFILE_DIR:-debug}/fascicolo-sandbox
sandbox_pid= sandbox_dir=

stop_sandbox() {
    if [ -n "$sandbox_pid" ]; then
        kill -TERM "$sandbox_pid" 2>/dev/null
        for _ in $(seq 50); do kill -0 "$sandbox_pid" 2>/dev/null || break; sleep 0.1; done
        kill -KILL "$sandbox_pid" 2>/dev/null
        wait "$sandbox_pid" 2>/dev/null
    fi
    [ -z "$sandbox_dir" ] || rm -rf "$sandbox_dir"
    sandbox_pid= sandbox_dir=
}
trap stop_sandbox EXIT
trap 'exit 130' INT TERM

start_sandbox() {
    sandbox_dir=$(mktemp -d)
    : >"$sandbox_dir/addresses"
    "$sandbox_binary" --any-port "$@" >"$sandbox_dir/addresses" 2>"$sandbox_dir/log" &
    sandbox_pid=$!
    for _ in $(seq 600); do
        if grep -qx ready "$sandbox_dir/addresses"; then break; fi
        if ! kill -0 "$sandbox_pid" 2>/dev/null; then break; fi
        sleep 0.1
    done
    if ! grep -qx ready "$sandbox_dir/addresses"; then
        echo "error: the sandbox did not get ready within 60 s; its output:"
        cat "$sandbox_dir/addresses" "$sandbox_dir/log"
        exit 1
    fi
    local line
    while IFS= read -r line; do
        case "$line" in
            [a-z]*=*) printf -v "${line%%=*}" %s "${line#*=}" ;;
        esac
    done <"$sandbox_dir/addresses"
    for line in site secure standins operations ca; do
        [ -n "${!line:-}" ] || { echo "error: the sandbox printed no $line="; exit 1; }
    done
}
