#!/usr/bin/env bash
# Downloads public datasets and checks them.
set -euo pipefail
cd "$(dirname "$0")"

usage() {
    cat <<'TEXT'
usage: datasets/fetch.sh tinystories | fineweb-edu [N] | gpt2-tokenizer | cifar10 | cifar100

  tinystories      stories for training and validation, text (1.9 GB) -> downloads/tinystories/
  fineweb-edu [N]  web pages as GPT-2 tokens: a validation file and N (1) of 1001 training files of 100 million
                   tokens, 200 MB each -> downloads/fineweb-edu/
  gpt2-tokenizer   encoder.json and vocab.bpe, which ship with the project -> gpt2/
  cifar10          binary version (162 MB) -> downloads/cifar10/
  cifar100         binary version (161 MB) -> downloads/cifar100/

Files that are there are only checked, so files from elsewhere can be put in their place. Checksums are those of the
publishers; where none is published, the sha256 of the file is printed for you to keep.
TEXT
}

fail() {
    echo "fetch.sh: $1" >&2
    exit "${2:-1}"
}

# check FILE CHECKSUM: CHECKSUM is md5:..., sha256:... or none.
check() {
    local file=$1 kind=${2%%:*} expected=${2#*:} sum
    if [ "$kind" = none ]; then
        sha256sum "$file"
        return
    fi
    sum=$("${kind}sum" "$file" | cut -d ' ' -f 1)
    [ "$sum" = "$expected" ] ||
        fail "datasets/$file has $kind $sum, expected $expected; remove it and run this again"
    echo "datasets/$file: $kind is right"
}

# "URL -> FILE" of what could not be downloaded. After the first failure nothing else is tried.
missing=()

# fetch FILE URL CHECKSUM: FILE is right when this returns, or among the missing.
fetch() {
    local file=$1 url=$2 checksum=$3
    if [ ! -e "$file" ]; then
        mkdir -p "$(dirname "$file")"
        if [ ${#missing[@]} -gt 0 ] ||
            ! curl --fail --location --continue-at - --output "$file.part" "$url"; then
            missing+=("$url -> datasets/$file")
            return
        fi
        mv "$file.part" "$file"
    fi
    check "$file" "$checksum"
}

# Says what to put where, if anything is missing.
explain_missing() {
    [ ${#missing[@]} -gt 0 ] || return 0
    echo "fetch.sh: cannot download this; get it in another way, put it where the arrow points and run this again:" >&2
    printf '  %s\n' "${missing[@]}" >&2
    exit 1
}

# unpack ARCHIVE FOLDER: without the archive's own top folder.
unpack() {
    tar -xzf "$1" -C "$2" --strip-components=1
    echo "datasets/$2:"
    ls "$2"
}

tinystories() {
    local url=https://huggingface.co/datasets/roneneldan/TinyStories/resolve/f54c09fd23315a6f9c86f9dc80f725de7d8f9c64
    fetch downloads/tinystories/TinyStories-valid.txt "$url/TinyStories-valid.txt" \
        sha256:94e431816c4cce81ff71e4408ff8d3bda9a42e8d2663986697c3954288cb38b4
    fetch downloads/tinystories/TinyStories-train.txt "$url/TinyStories-train.txt" \
        sha256:c5cf5e22ff13614e830afbe61a99fbcbe8bcb7dd72252b989fa1117a368d401f
}

fineweb_edu() {
    local count=$1 name i
    local url=https://huggingface.co/datasets/karpathy/fineweb-edu-100B-gpt2-token-shards/resolve/main
    [[ $count =~ ^[1-9][0-9]{0,3}$ && $count -le 1001 ]] ||
        fail "'$count' training files, expected a number from 1 to 1001" 2
    fetch downloads/fineweb-edu/edu_fineweb_val_000000.bin "$url/edu_fineweb_val_000000.bin" none
    for i in $(seq "$count"); do
        name=$(printf 'edu_fineweb_train_%06d.bin' "$i")
        fetch "downloads/fineweb-edu/$name" "$url/$name" none
    done
}

gpt2_tokenizer() {
    local url=https://openaipublic.blob.core.windows.net/gpt-2/encodings/main
    fetch gpt2/encoder.json "$url/encoder.json" \
        sha256:196139668be63f3b5d6574427317ae82f612a97c5d1cdaf36ed2256dbf636783
    fetch gpt2/vocab.bpe "$url/vocab.bpe" \
        sha256:1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5
}

cifar() {
    local folder=downloads/$1 archive=downloads/$1/$2
    fetch "$archive" "https://www.cs.toronto.edu/~kriz/$2" "$3"
    explain_missing
    unpack "$archive" "$folder"
}

case ${1:-} in
-h | --help) usage && exit 0 ;;
'') usage >&2 && exit 2 ;;
fineweb-edu) [ $# -le 2 ] || fail "too many arguments; see datasets/fetch.sh --help" 2 ;;
*) [ $# -eq 1 ] || fail "too many arguments; see datasets/fetch.sh --help" 2 ;;
esac

case $1 in
tinystories) tinystories ;;
fineweb-edu) fineweb_edu "${2:-1}" ;;
gpt2-tokenizer) gpt2_tokenizer ;;
cifar10) cifar cifar10 cifar-10-binary.tar.gz md5:c32a1d4ab5d03f1284b67883e8d87530 ;;
cifar100) cifar cifar100 cifar-100-binary.tar.gz md5:03b5dce01913d631647c71ecec9e9cb8 ;;
*) fail "unknown dataset '$1'; see datasets/fetch.sh --help" 2 ;;
esac
explain_missing
