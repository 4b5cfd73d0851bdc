# shellcheck shell=bash
# What scripts/test and .ci/run share: stages with logs, tools by package name, and an orderly end. To be sourced.
#
# The sourcing script calls `finish` at its end. Everything that is started is stopped by the EXIT trap below.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
engines=${ONCELINK_ENGINES:-$top/target/engines}
logs=$top/target/test-logs
export ONCELINK_ENGINES=$engines PATH=$engines/bin:$PATH
readonly top engines logs

readonly deny_version=0.20 schemathesis_version=4.32.5 tail_lines=60

failed=()
scratch=$(mktemp -d)
# Some engines run as users of their own.
chmod 711 "$scratch"
mkdir -p "$logs"

clean_up() {
    local status=$? engine
    trap - EXIT
    for engine in garage postgres dynoxide; do
        if [[ -d $scratch/$engine ]]; then "$top/scripts/engines/$engine.sh" stop "$scratch/$engine" || true; fi
    done
    rm -rf "$scratch"
    exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# stage NAME COMMAND...: runs it with its output in a log of that name, and prints one line. A command that returns 77
# was skipped; its last line says why.
stage() {
    local name=$1 log=$logs/$1.log started=$SECONDS status
    shift
    printf '%-9s ' "$name"
    # Not in a condition: there `set -e` would not stop the command at its first failure.
    set +e
    (
        set -e
        "$@"
    ) >"$log" 2>&1 </dev/null
    status=$?
    set -e
    case $status in
    0) printf 'ok      %4d s\n' $((SECONDS - started)) ;;
    77) printf 'skipped          %s\n' "$(tail -n 1 "$log")" ;;
    *)
        printf 'FAILED  %4d s  %s\n' $((SECONDS - started)) "$log"
        tail -n "$tail_lines" "$log" | sed 's/^/    /'
        failed+=("$name")
        ;;
    esac
}

skip() {
    printf '%s\n' "$*"
    exit 77
}

# Says how it went, in the exit code too.
finish() {
    if ((${#failed[@]})); then
        printf 'failed: %s\n' "${failed[*]}"
        exit 1
    fi
}

as_root() {
    if ((EUID == 0)); then "$@"; else sudo "$@"; fi
}

# apt_tools COMMAND=PACKAGE...: installs the packages whose command is missing.
apt_tools() {
    local pair missing=()
    for pair in "$@"; do
        command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}")
    done
    if ((${#missing[@]} == 0)); then return; fi
    apt_packages "${missing[@]}"
}

apt_packages() {
    as_root apt-get update -q
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@"
}

install_deny() {
    if [[ "$(cargo-deny --version 2>/dev/null)" == "cargo-deny $deny_version."* ]]; then return; fi
    cargo install "cargo-deny@^$deny_version" --locked --root "$engines"
}

install_fuzz() {
    if [[ -x $engines/bin/cargo-fuzz ]] || cargo fuzz --version >/dev/null 2>&1; then return; fi
    cargo install cargo-fuzz --locked --root "$engines"
}

install_schemathesis() {
    local venv=$engines/venv
    if [[ "$("$venv/bin/st" --version 2>/dev/null)" == *" $schemathesis_version"* ]]; then return; fi
    python3 -c 'import ensurepip, venv' 2>/dev/null || apt_packages python3-venv
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet "schemathesis==$schemathesis_version"
}

# The JavaScript packages of the browser tests. Chromium itself comes from apt.
install_browser_driver() {
    local clients=$top/tests/clients
    if [[ ! -f $clients/package-lock.json ]]; then return; fi
    if [[ $clients/node_modules/.package-lock.json -nt $clients/package-lock.json ]]; then return; fi
    npm --prefix "$clients" ci --no-audit --no-fund
}

has_nightly() {
    # Asking `cargo +nightly` itself could make rustup fetch one.
    rustup toolchain list 2>/dev/null | grep -q '^nightly'
}

# Starts an engine once and takes its settings into the environment. From then on tests may not do without it.
engine_up() {
    local name=$1 settings
    if [[ -d $scratch/$name ]]; then return; fi
    settings=$("$top/scripts/engines/$name.sh" start "$scratch/$name" 2>"$logs/$name.log") || {
        printf '%-9s FAILED  %s\n' "$name" "$logs/$name.log"
        tail -n "$tail_lines" "$logs/$name.log" | sed 's/^/    /'
        exit 1
    }
    eval "$settings"
    export ONCELINK_TEST_REQUIRE_ENGINES=1
}

# The engines that stores and sources are tried on. The S3 one comes first: its keys are checked, the others take any.
engines_up() {
    engine_up garage
    engine_up postgres
    engine_up dynoxide
}
