#!/usr/bin/env bash
# Builds the images that the container tests run on, from Debian's packages, behaving as the
# official images do: same ports, same environment variables, same entrypoint rules. Only the tag
# differs. Prints the lines to source: export SEAMKIT_POSTGRES_IMAGE=… and so on.
# Usage: test-images/build.sh  (with DOCKER_HOST set; as root)
set -euo pipefail
cd "$(dirname "$0")"

packages=postgresql-15,redis-server,rabbitmq-server,radosgw,ceph-mon,ceph-osd,nats-server,memcached,gosu
base=seamkit-test/base:$(printf %s "$packages" | sha256sum | cut -c1-8)

if ! docker image inspect "$base" >/dev/null 2>&1; then
  if ! command -v mmdebstrap >/dev/null; then
    apt-get update -qq >&2
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends mmdebstrap >&2
  fi
  echo "test images: a root file system from Debian's packages" >&2
  root=$(mktemp -d)
  trap 'rm -rf "$root"' EXIT
  mmdebstrap --quiet --variant=essential --include="$packages" bookworm "$root/root.tar" >&2
  docker import "$root/root.tar" "$base" >/dev/null
fi

for image in postgres redis rabbitmq s3 nats memcached; do
  echo "test images: $image" >&2
  log=$(DOCKER_BUILDKIT=0 docker build --build-arg "BASE=$base" --tag "seamkit-test/$image:debian" "$image" 2>&1) || {
    echo "$log" >&2
    exit 1
  }
  echo "export SEAMKIT_${image^^}_IMAGE=seamkit-test/$image:debian"
done
