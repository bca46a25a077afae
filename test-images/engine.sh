#!/usr/bin/env bash
# Starts a container engine of our own for the tests, where none runs: Debian's docker.io, on a
# socket in a private folder. Prints the line to source: export DOCKER_HOST=…
# Usage: test-images/engine.sh start | stop
set -euo pipefail

folder=${SEAMKIT_ENGINE:-/var/tmp/seamkit-engine}
socket=$folder/docker.sock

case ${1:-start} in
start)
  if ! command -v dockerd >/dev/null; then
    apt-get update -qq >&2
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends docker.io iptables >&2
  fi
  mkdir -p -m 0700 "$folder"
  if ! docker -H "unix://$socket" version >/dev/null 2>&1; then
    setsid dockerd --host "unix://$socket" --data-root "$folder/data" --exec-root "$folder/exec" \
      --pidfile "$folder/pid" >"$folder/log" 2>&1 </dev/null &
    for _ in $(seq 300); do
      docker -H "unix://$socket" version >/dev/null 2>&1 && break
      sleep 0.1
    done
    docker -H "unix://$socket" version >/dev/null 2>&1 || { tail -n 20 "$folder/log" >&2; exit 1; }
  fi
  echo "export DOCKER_HOST=unix://$socket"
  # The image that removes containers cannot be pulled here; the keeper's leash does it anyway.
  echo "export TESTCONTAINERS_RYUK_DISABLED=true"
  ;;
stop)
  if [ -f "$folder/pid" ]; then
    pid=$(cat "$folder/pid")
    kill "$pid" && while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
  fi
  rm -rf "$folder"
  ;;
esac
