#!/usr/bin/env bash
# Garage, a small S3 server, as the engine that the S3 tests talk to over the wire.
#
#   garage.sh install       build it into ${ONCELINK_ENGINES:-target/engines}, unless the right version is there
#   garage.sh start DIR     start a single node that keeps everything in DIR (empty, or of an earlier start);
#                           prints `export` lines for the tests
#   garage.sh stop DIR      stop that node; DIR stays
#
# Use it so:  eval "$(scripts/engines/garage.sh start "$dir")"; cargo test -p oncelink-objects-s3
# It listens on 127.0.0.1 only, on free ports. Bucket and keys are made anew at each start; what was stored is gone.
set -euo pipefail
# shellcheck source=scripts/engines/shared.sh
source "$(dirname "${BASH_SOURCE[0]}")/shared.sh"

readonly version=2.5.0
readonly bucket=oncelink-test
readonly region=us-east-1
readonly garage="$engines/bin/garage"

installed() {
    [[ -x $garage ]] && [[ "$("$garage" --version)" == *"cargo:$version "* ]]
}

install_garage() {
    if installed; then
        printf 'garage %s is there: %s\n' "$version" "$garage" >&2
        return
    fi
    cargo install "garage@$version" --locked --root "$engines" --no-default-features --features bundled-libs,lmdb
}

# Writes DIR/garage.toml and DIR/env with fresh ports and secrets, readable by the owner only.
configure() {
    local dir=$1 api rpc admin
    api=$(free_port)
    rpc=$(free_port)
    admin=$(free_port)
    cat >"$dir/garage.toml" <<CONFIG
metadata_dir = "$dir/node/meta"
data_dir = "$dir/node/data"
db_engine = "lmdb"
replication_factor = 1
rpc_bind_addr = "127.0.0.1:$rpc"
rpc_public_addr = "127.0.0.1:$rpc"
rpc_secret = "$(random_hex 32)"

[s3_api]
s3_region = "$region"
api_bind_addr = "127.0.0.1:$api"
root_domain = ".s3.localhost"

[admin]
api_bind_addr = "127.0.0.1:$admin"
admin_token = "$(random_hex 32)"
CONFIG
    cat >"$dir/env" <<ENV
export ONCELINK_TEST_S3_ENDPOINT=http://127.0.0.1:$api
export ONCELINK_TEST_S3_BUCKET=$bucket
export AWS_ACCESS_KEY_ID=${key_id:=GK$(random_hex 12)}
export AWS_SECRET_ACCESS_KEY=${secret:=$(random_hex 32)}
export AWS_REGION=$region
ENV
}

# Whether the node has its bucket.
answers() {
    "$garage" -c "$1/garage.toml" bucket info "$bucket" >/dev/null 2>&1
}

# One attempt to start; fails when a port was taken meanwhile.
launch() {
    local dir=$1
    configure "$dir"
    # shellcheck source=/dev/null
    source "$dir/env"
    GARAGE_CONFIG_FILE="$dir/garage.toml" \
        GARAGE_DEFAULT_ACCESS_KEY="$AWS_ACCESS_KEY_ID" \
        GARAGE_DEFAULT_SECRET_KEY="$AWS_SECRET_ACCESS_KEY" \
        GARAGE_DEFAULT_BUCKET="$bucket" \
        nohup "$garage" server --single-node --default-bucket >"$dir/log" 2>&1 </dev/null &
    printf '%s\n' "$!" >"$dir/pid"
    for _ in {1..150}; do
        running "$dir" || return 1
        if answers "$dir"; then return 0; fi
        sleep 0.1
    done
    return 1
}

start_garage() {
    local dir=$1
    installed || die "garage $version is not in $engines; run: scripts/engines/garage.sh install"
    umask 077
    mkdir -p "$dir"
    dir=$(cd "$dir" && pwd)
    if [[ $dir == *[\"\\]* ]]; then die "quotes and backslashes in $dir don't fit garage.toml"; fi
    if [[ -n "$(ls -A "$dir")" && ! -f $dir/garage.toml ]]; then die "$dir is not empty and holds no node"; fi
    if running "$dir"; then die "a node is running in $dir; stop it first"; fi
    for _ in {1..3}; do
        # A new attempt begins from nothing: half a cluster would refuse the new keys.
        rm -rf "$dir/node" "$dir/garage.toml" "$dir/env"
        if launch "$dir"; then
            cat "$dir/env"
            return
        fi
        stop_program garage "$dir"
    done
    tail -n 20 "$dir/log" >&2
    die "garage did not start; its log is $dir/log"
}

case "${1:-} $#" in
"install 1") install_garage ;;
"start 2") start_garage "$2" ;;
"stop 2") stop_program garage "$2" ;;
*) usage ;;
esac
