#!/bin/sh
# Builds an image, with its bill of materials and its provenance: build.sh runner|single TAG
set -eu
target=$1
tag=$2
cd "$(dirname "$0")/../.."
for name in BUILD_BASE RUNTIME_BASE NOTEBOOK_BASE; do
  eval "value=\${$name:-}"
  case $target:$name in runner:NOTEBOOK_BASE | single:RUNTIME_BASE) value=${value:-scratch} ;; *)
    case $value in
      *@sha256:*) ;;
      *) echo "$name must name an image with its digest (name@sha256:…); deploy/image/Dockerfile says which. Got \"$value\"." >&2; exit 1 ;;
    esac ;;
  esac
  set -- "$@" --build-arg "$name=$value"
done
shift 2
exec docker buildx build --file deploy/image/Dockerfile --target "$target" --tag "$tag" --sbom=true --provenance=mode=max "$@" .
