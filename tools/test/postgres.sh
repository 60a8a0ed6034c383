# start_postgres: a PostgreSQL of this run alone, in a temporary folder and on a free port; sets postgres_url.
# As root it runs as the system user `postgres`, because PostgreSQL refuses root.
postgres_dir=
postgres_bin=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)

as_postgres() {
    if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}

stop_postgres() {
    [ -n "$postgres_dir" ] || return 0
    as_postgres "$postgres_bin/pg_ctl" -D "$postgres_dir/data" -m immediate -t 20 stop >/dev/null 2>&1
    rm -rf "$postgres_dir"
    postgres_dir=
}

# Options that follow go to the server, e.g. `-c shared_buffers=256MB`.
start_postgres() {
    local port
    postgres_dir=$(mktemp -d)
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    if [ "$(id -u)" = 0 ]; then chown postgres "$postgres_dir"; fi
    (
        cd /
        as_postgres "$postgres_bin/initdb" -D "$postgres_dir/data" -U postgres --auth=trust -E UTF8 --locale=C >"$postgres_dir.log" 2>&1 &&
            as_postgres "$postgres_bin/pg_ctl" -D "$postgres_dir/data" -w -t 60 -l "$postgres_dir/log" \
                -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=200 $*" start \
                >>"$postgres_dir.log" 2>&1 </dev/null
    ) || { cat "$postgres_dir.log"; rm -f "$postgres_dir.log"; stop_postgres; return 1; }
    rm -f "$postgres_dir.log"
    postgres_url="postgres://postgres@127.0.0.1:$port/postgres"
}
