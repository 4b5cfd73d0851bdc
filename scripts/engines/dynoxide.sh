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
# shellcheck source=scripts/engines/shared.sh
source "$(dirname "${BASH_SOURCE[0]}")/shared.sh"

readonly version=3.2.0
readonly region=us-east-1
readonly dynoxide="$engines/bin/dynoxide"

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

case "${1:-} $#" in
"install 1") install_dynoxide ;;
"start 2") start_dynoxide "$2" ;;
"stop 2") stop_program dynoxide "$2" ;;
*) usage ;;
esac
