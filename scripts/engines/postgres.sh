#!/usr/bin/env bash
# PostgreSQL, as the engine that the store's tests talk to over the wire.
#
#   postgres.sh install       have apt install it, unless a version that is new enough is there
#   postgres.sh start DIR     start a cluster that keeps everything in DIR (empty, or of an earlier start);
#                             prints `export` lines for the tests
#   postgres.sh restart DIR   restart it as after a crash, on the same port: what was committed stays
#   postgres.sh stop DIR      stop that cluster; DIR stays
#
# Use it so:  eval "$(scripts/engines/postgres.sh start "$dir")"; cargo test -p oncelink-store-postgres
# It listens on 127.0.0.1 only, on a free port, and on a Unix socket in DIR. Role and password are made anew at each
# start; what was stored is gone. Commits are durable (fsync is on), as the promises under test need them.
set -euo pipefail
# shellcheck source=scripts/engines/shared.sh
source "$(dirname "${BASH_SOURCE[0]}")/shared.sh"

readonly oldest=15

# The folder with the programs of the newest version that is installed; nothing when none is new enough.
programs() {
    local newest
    newest=$(find /usr/lib/postgresql -mindepth 1 -maxdepth 1 -printf '%f\n' 2>/dev/null | sort -n | tail -n 1)
    if [[ -n $newest && $newest -ge $oldest && -x /usr/lib/postgresql/$newest/bin/initdb ]]; then
        printf '/usr/lib/postgresql/%s/bin' "$newest"
    elif command -v initdb >/dev/null && command -v pg_ctl >/dev/null; then
        dirname "$(command -v initdb)"
    fi
}

install_postgres() {
    local bin
    bin=$(programs)
    if [[ -n $bin ]]; then
        printf 'PostgreSQL is there: %s\n' "$bin" >&2
        return
    fi
    [[ $EUID -eq 0 ]] || die "no PostgreSQL $oldest or newer is there, and only root may have apt install it"
    # Its own cluster would listen on the usual port; the tests make theirs.
    mkdir -p /etc/postgresql-common
    grep -qs '^create_main_cluster' /etc/postgresql-common/createcluster.conf ||
        printf 'create_main_cluster = false\n' >>/etc/postgresql-common/createcluster.conf
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends postgresql >&2
    [[ -n "$(programs)" ]] || die "apt's PostgreSQL is older than $oldest"
}

# Runs a program as somebody who isn't root, for PostgreSQL refuses to run as root.
unprivileged() {
    if [[ $EUID -eq 0 ]]; then
        runuser -u postgres -- "$@"
    else
        "$@"
    fi
}

running() {
    [[ -f $1/data/postmaster.pid ]] && kill -0 "$(head -n 1 "$1/data/postmaster.pid")" 2>/dev/null
}

# An authority of the cluster's own, and a certificate from it for the server.
certify() {
    local dir=$1
    local -a fresh=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650)
    openssl req -x509 "${fresh[@]}" -subj '/CN=oncelink test authority' -keyout "$dir/ca.key" -out "$dir/ca.pem"
    openssl req "${fresh[@]:0:5}" -subj '/CN=localhost' -keyout "$dir/server.key" -out "$dir/server.csr"
    openssl x509 -req -in "$dir/server.csr" -CA "$dir/ca.pem" -CAkey "$dir/ca.key" -CAcreateserial -days 3650 \
        -extfile <(printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\n') -out "$dir/server.pem"
    rm "$dir/ca.key" "$dir/server.csr"
    if [[ $EUID -eq 0 ]]; then chown postgres "$dir/server.key" "$dir/server.pem"; fi
}

# One attempt to start; fails when the port was taken meanwhile.
launch() {
    local dir=$1 bin=$2 port password
    port=$(free_port)
    password=$(random_hex 16)
    printf '%s\n' "$password" | unprivileged tee "$dir/password" >/dev/null
    unprivileged "$bin/initdb" --pgdata="$dir/data" --username=oncelink --pwfile="$dir/password" \
        --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 >"$dir/log" 2>&1 || return 1
    rm "$dir/password"
    certify "$dir" >>"$dir/log" 2>&1 || return 1
    cat >>"$dir/data/postgresql.conf" <<CONFIG
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = '$dir'
max_connections = 300
ssl = on
ssl_cert_file = '$dir/server.pem'
ssl_key_file = '$dir/server.key'
CONFIG
    unprivileged "$bin/pg_ctl" start --pgdata="$dir/data" --log="$dir/server.log" --wait --timeout=60 >>"$dir/log" 2>&1 || return 1
    PGPASSWORD=$password "$bin/createdb" --host=127.0.0.1 --port="$port" --username=oncelink oncelink_test >>"$dir/log" 2>&1 || return 1
    cat >"$dir/env" <<ENV
export ONCELINK_TEST_POSTGRES=postgres://oncelink:$password@127.0.0.1:$port/oncelink_test
export ONCELINK_TEST_POSTGRES_CA=$dir/ca.pem
ENV
}

start_postgres() {
    local dir=$1 bin
    bin=$(programs)
    [[ -n $bin ]] || die "no PostgreSQL $oldest or newer is there; run: scripts/engines/postgres.sh install"
    umask 077
    mkdir -p "$dir"
    dir=$(cd "$dir" && pwd)
    if [[ $dir == *[\"\'\\]* ]]; then die "quotes and backslashes in $dir don't fit postgresql.conf"; fi
    if [[ -n "$(ls -A "$dir")" && ! -f $dir/log ]]; then die "$dir is not empty and holds no cluster"; fi
    if running "$dir"; then die "a cluster is running in $dir; stop it first"; fi
    if [[ $EUID -eq 0 ]]; then
        chown postgres "$dir"
        unprivileged test -w "$dir" || die "the user postgres can't reach $dir; name a folder that everybody may pass through"
    fi
    for _ in {1..3}; do
        # A new attempt begins from nothing: the old cluster has another password.
        rm -rf "$dir"/{data,env,log,server.log,server.key,server.pem,ca.pem,ca.srl}
        : >"$dir/log"
        if launch "$dir" "$bin"; then
            cat "$dir/env"
            return
        fi
        stop_postgres "$dir"
    done
    tail -n 20 "$dir/log" "$dir/server.log" >&2 || true
    die "PostgreSQL did not start; its logs are $dir/log and $dir/server.log"
}

restart_postgres() {
    local dir=$1 bin
    bin=$(programs)
    running "$dir" || die "no cluster is running in $dir"
    unprivileged "$bin/pg_ctl" restart --pgdata="$dir/data" --log="$dir/server.log" --mode=immediate --wait --timeout=60 >&2
}

stop_postgres() {
    local dir=$1 bin
    bin=$(programs)
    running "$dir" || return 0
    # It finds the process by the data directory, so a number that belongs to another program by now is left alone.
    unprivileged "$bin/pg_ctl" stop --pgdata="$dir/data" --mode=fast --wait --timeout=30 >&2 ||
        unprivileged "$bin/pg_ctl" stop --pgdata="$dir/data" --mode=immediate --wait --timeout=30 >&2
}

case "${1:-} $#" in
"install 1") install_postgres ;;
"start 2") start_postgres "$2" ;;
"restart 2") restart_postgres "$2" ;;
"stop 2") stop_postgres "$2" ;;
*) usage ;;
esac
