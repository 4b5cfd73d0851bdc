#!/usr/bin/env bash
# rustypaste, a small server of uploads that can be fetched once, as the rival that the measurements stand beside.
#
#   rustypaste.sh install       build it into ${ONCELINK_ENGINES:-target/engines}, unless the right version is there
#   rustypaste.sh start DIR     start one with its settings, its uploads, its log and its process id in DIR (empty, or of an
#                               earlier start); prints an `export` line with its address
#   rustypaste.sh stop DIR      stop it; DIR stays
#
# It listens on 127.0.0.1 only, on a free port. As it is built, with what costs it least: it logs nothing but errors, names are
# random instead of two words (of which there are too few), nothing expires, and nothing looks for what has.
set -euo pipefail
# shellcheck source=scripts/engines/shared.sh
source "$(dirname "${BASH_SOURCE[0]}")/shared.sh"

readonly version=0.18.1
readonly rustypaste="$engines/bin/rustypaste"

# It has no --version, so cargo's note about what it installed is asked.
installed() {
    [[ -x $rustypaste ]] && grep -qs "^\"rustypaste $version " "$engines/.crates.toml"
}

install_rustypaste() {
    if installed; then
        printf 'rustypaste %s is there: %s\n' "$version" "$rustypaste" >&2
        return
    fi
    cargo install "rustypaste@$version" --locked --root "$engines"
}

write_settings() {
    local dir=$1 port=$2
    cat >"$dir/config.toml" <<TOML
[config]
refresh_rate = "1h"

[server]
address = "127.0.0.1:$port"
max_content_length = "10MB"
upload_path = "$dir/upload"

[paste]
random_url = { type = "alphanumeric", length = 24 }
default_extension = "bin"
mime_override = []
mime_blacklist = []
duplicate_files = true
TOML
}

# One attempt to start; fails when the port is taken.
launch() {
    local dir=$1 port=$2
    write_settings "$dir" "$port"
    # In DIR, for it reads an .env file from where it stands.
    (cd "$dir" && CONFIG=$dir/config.toml RUST_LOG=error exec nohup "$rustypaste" >"$dir/log" 2>&1 </dev/null) &
    printf '%s\n' "$!" >"$dir/pid"
    for _ in {1..100}; do
        running "$dir" || return 1
        if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then return 0; fi
        sleep 0.1
    done
    return 1
}

start_rustypaste() {
    local dir=$1
    installed || die "rustypaste $version is not in $engines; run: scripts/engines/rustypaste.sh install"
    umask 077
    mkdir -p "$dir"
    dir=$(cd "$dir" && pwd)
    if [[ -n "$(ls -A "$dir")" && ! -f $dir/config.toml ]]; then die "$dir is not empty and holds no rustypaste"; fi
    if running "$dir"; then die "a rustypaste is running in $dir; stop it first"; fi
    launch "$dir" "$(free_port)" || launch "$dir" "$(free_port)" || die "rustypaste doesn't start; its log is $dir/log"
    printf 'export RUSTYPASTE_ADDRESS=%s\n' "$(sed -n 's/^address = "\(.*\)"$/\1/p' "$dir/config.toml")"
    printf 'export RUSTYPASTE_PID=%s\n' "$(<"$dir/pid")"
}

case "${1:-} $#" in
"install 1") install_rustypaste ;;
"start 2") start_rustypaste "$2" ;;
"stop 2") stop_program rustypaste "$2" ;;
*) usage ;;
esac
