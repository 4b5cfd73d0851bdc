# shellcheck shell=bash
# What the engines' scripts share. To be sourced by them.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
engines=${ONCELINK_ENGINES:-$top/target/engines}
# shellcheck disable=SC2034
readonly top engines

die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# The comment that a script begins with, for whoever calls it wrongly.
usage() {
    sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0" >&2
    exit 2
}

# N random bytes in hexadecimal.
random_hex() {
    od -An -N "$1" -tx1 /dev/urandom | tr -d ' \n'
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

# Whether the process runs that DIR/pid names.
running() {
    [[ -f $1/pid ]] && kill -0 "$(<"$1/pid")" 2>/dev/null
}

# stop_program NAME DIR: ends the program of this name that DIR/pid names, if it does.
stop_program() {
    local name=$1 dir=$2 pid
    [[ -f $dir/pid ]] || return 0
    pid=$(<"$dir/pid")
    rm -f "$dir/pid"
    # The number may belong to another program by now.
    [[ "$(ps -o comm= -p "$pid" 2>/dev/null)" == "$name" ]] || return 0
    kill "$pid"
    for _ in {1..50}; do
        kill -0 "$pid" 2>/dev/null || return 0
        sleep 0.1
    done
    kill -9 "$pid" 2>/dev/null || true
}
