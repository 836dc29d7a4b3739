#!/usr/bin/env bash
# From a fresh clone to tables and plots: installs what is missing, builds, runs, reports.
set -euo pipefail
cd "$(dirname "$0")"

packages=(build-essential cmake pkg-config git libopenblas-pthread-dev libhdf5-dev libyaml-dev libzip-dev
    libpng-dev libturbojpeg0-dev libxxhash-dev libjansson-dev libpcre2-dev libcmocka-dev gnuplot-nox fonts-dejavu-core)

usage() {
    cat <<'TEXT'
usage: ./run_all.sh [test] [--preset quick|paper] [--experiment NAME] [--jobs N]

Without arguments: installs what is missing, builds, trains the quick presets of Figures 2 and 3, and writes tables
and plots. What is done is not done again; Ctrl-C stops, and the same command goes on from there.

  test               build and run all tests instead
  --preset quick     smaller versions of the experiments, in minutes (default)
  --preset paper     the experiments at the paper's size, in hours or days
  --experiment NAME  all figures and tables of one experiment (a folder of experiments/); default: Figures 2 and 3
                     with the quick preset, everything with the paper preset; bench: measures the speed on one
                     thread and on all cores, each time anew
  --jobs N           runs at the same time (default: one per core)
TEXT
}

fail() {
    echo "run_all.sh: $1" >&2
    exit "${2:-1}"
}

install_packages() {
    local missing=() package
    command -v dpkg-query >/dev/null || return 0 # not Debian: the build says what it lacks
    for package in "${packages[@]}"; do
        dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    local run=()
    if [ "$(id -u)" != 0 ]; then
        sudo -n true 2>/dev/null || fail "packages are missing; run: sudo apt-get install ${missing[*]}"
        run=(sudo -n)
    fi
    echo "installing: ${missing[*]}"
    "${run[@]}" apt-get update -qq
    "${run[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" \
        >/dev/null
}

build() {
    local log=build/build.log
    mkdir -p build
    echo "building (log: $log)"
    { cmake -S . -B build ${CMAKE_ARGS:-} && cmake --build build --parallel "$(nproc)"; } >"$log" 2>&1 ||
        { tail -n 40 "$log" >&2; fail "the build failed; the whole log is $log"; }
}

# The configs that a preset runs: of one experiment, or of all; the default are the main figures of two.
configs_to_run() {
    if [ -n "$experiment" ]; then
        [ -d "experiments/$experiment/configs" ] || fail "there is no experiment '$experiment'; there are: $(
            cd experiments && ls -d */configs | sed 's,/configs,,' | tr '\n' ' ')bench" 2
        ls "experiments/$experiment"/configs/*.yaml
    elif [ "$preset" = quick ]; then
        echo experiments/relational_games/configs/fig2_learning_curves.yaml
        echo experiments/math/configs/fig3_math.yaml
    else
        ls experiments/*/configs/*.yaml
    fi | grep -v '/base\.yaml$'
}

train() {
    local status=0 config program preset_flag=()
    [ "$preset" = paper ] || preset_flag=(--preset "$preset")
    while read -r config; do
        program=$(basename "$(dirname "$(dirname "$config")")")
        echo "training: $config ($preset preset)"
        "build/bin/$program" sweep "$config" "${preset_flag[@]}" ${jobs:+--jobs "$jobs"} </dev/null || status=$?
        [ "$status" != 130 ] || exit 130
    done < <(configs_to_run)
    return "$status"
}

# On one thread and on all cores. A file is complete or absent; cases that fail are missing in it.
measure() {
    local status=0 threads
    mkdir -p results/bench
    for threads in $(printf '%s\n' 1 "$(nproc)" | sort -nu); do
        echo "measuring with --threads $threads: results/bench/threads-$threads.json"
        build/bin/bench --threads "$threads" --json >results/bench/.unfinished || status=$?
        [ "$status" -le 1 ] || return "$status"
        mv results/bench/.unfinished "results/bench/threads-$threads.json"
    done
    return "$status"
}

main() {
    local command=run preset=quick experiment="" jobs="" status=0
    while [ $# -gt 0 ]; do
        case $1 in
        test) command=test ;;
        --preset | --experiment | --jobs)
            [ $# -gt 1 ] || fail "$1 needs a value; see ./run_all.sh --help" 2
            printf -v "${1#--}" %s "$2"
            shift
            ;;
        -h | --help) usage && exit 0 ;;
        *) fail "unknown argument '$1'; see ./run_all.sh --help" 2 ;;
        esac
        shift
    done
    case $preset in quick | paper) ;; *) fail "--preset is '$preset', expected quick or paper" 2 ;; esac
    [ -z "$jobs" ] || [[ $jobs =~ ^[1-9][0-9]*$ ]] || fail "--jobs is '$jobs', expected a number of at least 1" 2
    [ $command = test ] || [ "$experiment" = bench ] || configs_to_run >/dev/null

    install_packages
    build
    if [ $command = test ]; then
        exec ctest --test-dir build --output-on-failure --parallel "$(nproc)"
    fi
    if [ "$experiment" = bench ]; then
        measure || status=$?
        build/bin/dat report --experiment bench || status=$?
        return "$status"
    fi
    train || status=$?
    build/bin/dat report ${experiment:+--experiment "$experiment"} || status=$?
    return "$status"
}

main "$@"
