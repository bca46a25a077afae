#!/usr/bin/env bash
# Gives another engine an image that holds Redis and nothing else, in a second: taken from the image
# that the engine in use has, since copying that one whole takes much longer.
# Usage: test-images/redis-alone.sh HOST IMAGE  (HOST as DOCKER_HOST of the other engine)
set -euo pipefail

docker run --rm --network none --entrypoint sh "${SEAMKIT_REDIS_IMAGE:-redis:8}" -c '
  server=$(command -v redis-server)
  tar -ch --no-recursion -f - "$server" $(ldd "$server" | grep -o "/[^ ]*") /tmp
' | docker -H "$1" import --change 'ENTRYPOINT []' - "$2" >/dev/null
