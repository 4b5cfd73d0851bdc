#!/usr/bin/env bash
# Dynoxide, a small DynamoDB, as the engine that the store's tests talk to over the wire.
#
#   dynoxide.sh install       build it into ${ONCELINK_ENGINES:-target/engines}, unless the right version is there
#   dynoxide.sh start DIR     start one with its log and its process id in DIR (empty, or of an earlier start);
#                             prints `export` lines for the tests
#   dynoxide.sh stop DIR      stop it; DIR stays
#
# Use it so:  eval "$(scripts/engines/dynoxide.sh start "$dir")"; cargo test -p oncelink-store-dynamodb
# It listens on 127.0.0.1 only, on a free port; started again on the same DIR it has the same port. Tables are in memory and
# gone with the process, unless ONCELINK_DYNOXIDE_KEEP=1: then they are in DIR, synced at every write, and an outage can be
# played. It checks no signatures, but the SDK wants keys: some are made up unless there are any.
set -euo pipefail

readonly version=3.2.0
readonly region=us-east-1
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
readonly top engines="${ONCELINK_ENGINES:-$top/target/engines}"
readonly dynoxide="$engines/bin/dynoxide"

die() {
    printf 'dynoxide.sh: %s\n' "$*" >&2
    exit 1
}

# Its own --version says something else, so cargo's note about what it installed is asked.
installed() {
    [[ -x $dynoxide ]] && grep -qs "^\"dynoxide-rs $version " "$engines/.crates.toml"
}

install_dynoxide() {
    if installed; then
        printf 'dynoxide %s is there: %s\n' "$version" "$dynoxide" >&2
        return
    fi
    cargo install "dynoxide-rs@$version" --locked --root "$engines" --no-default-features --features native-sqlite,http-server,cli
}

# A port on which nothing listens; below the range that the kernel gives to outgoing connections.
free_port() {
    local port
    for _ in {1..100}; do
        port=$((20000 + RANDOM % 12000))
        if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            printf '%s' "$port"
            return
        fi
    done
    die "no free port found"
}

running() {
    [[ -f $1/pid ]] && kill -0 "$(<"$1/pid")" 2>/dev/null
}

# One attempt to start; fails when the port is taken.
launch() {
    local dir=$1 port=$2 place=()
    if [[ ${ONCELINK_DYNOXIDE_KEEP:-} == 1 ]]; then place=(--db-path "$dir/tables.db"); fi
    nohup "$dynoxide" serve --host 127.0.0.1 --port "$port" "${place[@]}" >"$dir/log" 2>&1 </dev/null &
    printf '%s\n' "$!" >"$dir/pid"
    for _ in {1..100}; do
        running "$dir" || return 1
        if grep -qs 'listening on' "$dir/log"; then
            printf '%s\n' "$port" >"$dir/port"
            return 0
        fi
        sleep 0.1
    done
    return 1
}

start_dynoxide() {
    local dir=$1
    installed || die "dynoxide $version is not in $engines; run: scripts/engines/dynoxide.sh install"
    umask 077
    mkdir -p "$dir"
    dir=$(cd "$dir" && pwd)
    if [[ -n "$(ls -A "$dir")" && ! -f $dir/log ]]; then die "$dir is not empty and holds no engine"; fi
    if running "$dir"; then die "an engine is running in $dir; stop it first"; fi
    if [[ -f $dir/port ]]; then
        launch "$dir" "$(<"$dir/port")" || die "the port of the engine in $dir is taken, or it doesn't start; its log is $dir/log"
    else
        launch "$dir" "$(free_port)" || launch "$dir" "$(free_port)" || die "dynoxide doesn't start; its log is $dir/log"
    fi
    printf 'export ONCELINK_TEST_DYNAMODB=http://127.0.0.1:%s\n' "$(<"$dir/port")"
    if [[ -z ${AWS_ACCESS_KEY_ID:-} ]]; then
        printf 'export AWS_ACCESS_KEY_ID=oncelink-test AWS_SECRET_ACCESS_KEY=oncelink-test\n'
    fi
    if [[ -z ${AWS_REGION:-} ]]; then
        printf 'export AWS_REGION=%s\n' "$region"
    fi
}

stop_dynoxide() {
    local dir=$1 pid
    [[ -f $dir/pid ]] || return 0
    pid=$(<"$dir/pid")
    rm -f "$dir/pid"
    # The number may belong to another program by now.
    [[ "$(ps -o comm= -p "$pid" 2>/dev/null)" == dynoxide ]] || return 0
    kill "$pid"
    for _ in {1..50}; do
        kill -0 "$pid" 2>/dev/null || return 0
        sleep 0.1
    done
    kill -9 "$pid" 2>/dev/null || true
}

case "${1:-} $#" in
"install 1") install_dynoxide ;;
"start 2") start_dynoxide "$2" ;;
"stop 2") stop_dynoxide "$2" ;;
*)
    sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2
    exit 2
    ;;
esac
