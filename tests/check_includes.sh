#!/usr/bin/env bash
# The library's layers: a folder of lib/ includes itself and those listed for it, never what is above it.
set -euo pipefail
cd "$(dirname "$0")/../lib"

declare -A may_include=(
    [util]="util"
    [core]="core util"
    [ops]="ops core util"
    [nn]="nn ops core util"
    [models]="models nn ops io core util"
    [optim]="optim core util"
    [io]="io core util"
    [data]="data io core util"
    [train]="train models nn ops optim data io core util"
)

violations=0
complain() {
    echo "lib/$1" >&2
    violations=$((violations + 1))
}

for folder in */; do
    folder=${folder%/}
    [ -n "${may_include[$folder]:-}" ] || complain "$folder: a folder that tests/check_includes.sh does not know"
    while IFS=: read -r file line; do
        target=$(sed -n 's,^#include "\([a-z]*\)/.*,\1,p' <<<"$line")
        [ -z "$target" ] || [[ " ${may_include[$folder]:-} " == *" $target "* ]] ||
            complain "$file includes $target/, which is not below $folder/"
    done < <(grep -rn --include='*.[ch]' '^#include "' "$folder" | sed 's/:[0-9]*:/:/')
done

# Libraries with one owner each: BLAS behind gemm, threads behind parallel.
while read -r file; do
    [ "$file" = core/gemm.c ] || complain "$file includes cblas.h, which belongs to core/gemm.c"
done < <(grep -rl '<cblas.h>' .  | sed 's,^\./,,')
while read -r file; do
    [ "$file" = util/parallel.c ] || complain "$file includes omp.h, which belongs to util/parallel.c"
done < <(grep -rl '<omp.h>\|#pragma omp parallel' . | sed 's,^\./,,')

if [ "$violations" -gt 0 ]; then
    echo "$violations includes point the wrong way" >&2
    exit 1
fi
echo "all includes point down"
