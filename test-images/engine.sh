#!/usr/bin/env bash
# Starts a container engine of our own for the tests, where none runs: Debian's docker.io, on a
# socket in a private folder. Prints the line to source: export DOCKER_HOST=…
# With SEAMKIT_ENGINE_NET=10.x.y the engine is another machine's, as far as the network goes: it
# answers by TCP at 10.x.y.2, in a network namespace of its own, and 127.0.0.1 is not its host.
# Usage: test-images/engine.sh start | stop
set -euo pipefail

folder=${SEAMKIT_ENGINE:-/var/tmp/seamkit-engine}
socket=$folder/docker.sock
net=${SEAMKIT_ENGINE_NET:-}

# Names of at most 15 letters, from the folder, so that `stop` finds them again.
id=$(printf %s "$folder" | cksum | cut -d' ' -f1)
namespace=seamkit$id

separate() {
  # It is there where the engine starts again, after it was killed.
  if [ -e "/run/netns/$namespace" ]; then return; fi
  ip netns add "$namespace"
  ip link add "sk$id" type veth peer name "sn$id" netns "$namespace"
  ip addr add "$net.1/30" dev "sk$id"
  ip link set "sk$id" up
  ip -n "$namespace" addr add "$net.2/30" dev "sn$id"
  ip -n "$namespace" link set "sn$id" up
  ip -n "$namespace" link set lo up
  ip -n "$namespace" route add default via "$net.1"
}

case ${1:-start} in
start)
  if ! command -v dockerd >/dev/null; then
    apt-get update -qq >&2
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends docker.io iptables >&2
  fi
  host=unix://$socket
  within=() hosts=(--host "$host")
  if [ -n "$net" ]; then
    if ! command -v ip >/dev/null; then
      DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends iproute2 >&2
    fi
    host=tcp://$net.2:2375
    # Not `ip netns exec`: it mounts a new /sys, without the control groups.
    within=(nsenter "--net=/run/netns/$namespace")
    hosts+=(--host "$host" --tls=false)
  fi
  mkdir -p -m 0700 "$folder"
  if ! docker -H "unix://$socket" version >/dev/null 2>&1; then
    if [ -n "$net" ]; then separate; fi
    setsid ${within[@]+"${within[@]}"} dockerd "${hosts[@]}" --data-root "$folder/data" \
      --exec-root "$folder/exec" --pidfile "$folder/pid" >"$folder/log" 2>&1 </dev/null &
    for _ in $(seq 300); do
      docker -H "$host" version >/dev/null 2>&1 && break
      sleep 0.1
    done
    docker -H "$host" version >/dev/null 2>&1 || { tail -n 20 "$folder/log" >&2; exit 1; }
  fi
  echo "export DOCKER_HOST=$host"
  # The image that removes containers cannot be pulled here; the keeper's leash does it anyway.
  echo "export TESTCONTAINERS_RYUK_DISABLED=true"
  ;;
stop)
  if [ -f "$folder/pid" ]; then
    pid=$(cat "$folder/pid")
    kill "$pid" && while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
  fi
  # What a killed engine leaves: its containers, with those who mind them, and what it mounted.
  ps -eo pid=,args= | awk -v folder="$folder/" '/containerd/ && index($0, folder) { print $1 }' |
    while read -r minder; do
      pkill -KILL -P "$minder" || true
      kill -KILL "$minder" 2>/dev/null || true
    done
  awk -v folder="$folder/" 'index($2, folder) == 1 { print $2 }' /proc/mounts | sort -r |
    while read -r mount; do umount -l "$mount"; done
  if [ -e "/run/netns/$namespace" ]; then ip netns del "$namespace"; fi
  rm -rf "$folder"
  ;;
esac
